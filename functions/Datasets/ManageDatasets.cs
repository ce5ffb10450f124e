using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Datasets;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Datasets;

/// <summary>The data sets that were uploaded in blocks. They live until they are deleted.</summary>
public sealed class ManageDatasets(DatasetStore datasets, IArtifactStore artifacts, ModelScopes scopes)
{
    /// <summary>Data sets by model and name, a page at a time.</summary>
    [Function("ListDatasets"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Uploaded data sets; ?model=&limit=&cursor=.")]
    [Query("model", "limit", "cursor"), Answers(typeof(DatasetListAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var model = QueryParameters.Model(request);
        var (limit, cursor) = Paging.Of(request);
        var isShown = await scopes.NamesAsync(request.Caller(), cancellationToken);
        var found = new List<Dataset>();
        do
        {
            var page = await datasets.ListAsync(model, limit - found.Count, cursor, cancellationToken);
            found.AddRange(page.Items.Where(dataset => isShown(dataset.Model)));
            cursor = page.Cursor;
        }
        while (cursor is not null && found.Count < limit);
        return Envelope.Ok("Data set list provided", new DatasetListAnswer { Datasets = [.. found.Select(DatasetAnswers.Of)], NextCursor = cursor });
    }

    /// <summary>A data set.</summary>
    [Function("GetDataset"), Requires(Role.Reader), Description("An uploaded data set: its size and hash.")]
    [Query, Answers(typeof(DatasetAnswer))]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets/{model}/{file}")] HttpRequest request,
        string model,
        string file,
        CancellationToken cancellationToken)
    {
        return Envelope.Ok("Data set provided", new DatasetAnswer { Dataset = DatasetAnswers.Of(await datasets.GetAsync(ModelName.Parse(model), file, cancellationToken)) });
    }

    /// <summary>The file of a data set; conditions and ranges are honoured (<see cref="FileAnswer"/>).</summary>
    [Function("DownloadDataset"), Requires(Role.Contributor), Description("The file of an uploaded data set; Range and If-None-Match are honoured.")]
    [Query, Answers(IsFile = true)]
    public async Task<IActionResult> Download(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets/{model}/{file}/download")] HttpRequest request,
        string model,
        string file,
        CancellationToken cancellationToken)
    {
        var dataset = await datasets.GetAsync(ModelName.Parse(model), file, cancellationToken);
        return await new FileAnswer(dataset.Sha256, dataset.SizeBytes, dataset.FileName, FileAnswer.TypeOf(dataset.FileName)).SendAsync(request, artifacts, $"The file of {Dataset.AddressOf(dataset.Model, file)}", cancellationToken);
    }

    /// <summary>Deletes a data set. Jobs that have it as input, running ones too, keep its bytes and can be run again.</summary>
    [Function("DeleteDataset"), Requires(Role.Contributor), Description("Delete an uploaded data set; jobs keep what they were given.")]
    [Query, Answers(typeof(Answer))]
    public async Task<IActionResult> Delete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/datasets/{model}/{file}")] HttpRequest request,
        string model,
        string file,
        CancellationToken cancellationToken)
    {
        await datasets.DeleteAsync(ModelName.Parse(model), file, cancellationToken);
        return Envelope.Ok($"Data set {Dataset.AddressOf(model, file)} removed successfully");
    }
}
