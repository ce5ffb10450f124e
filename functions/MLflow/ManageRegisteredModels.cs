using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Models;
using Larder.Functions.OpenApi;
using Larder.Inference;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>MLflow's registered models, which are Larder's models: created, shown, searched, described and deleted.</summary>
public sealed class ManageRegisteredModels(ModelRegistry registry, ModelSearch search, ModelDeletion deletion, RegistryCalls calls)
{
    private const int DefaultPage = 100;
    private const int MaxPage = 1000;

    // Reads at once, for the newest versions of a page of models.
    private const int Readers = 8;

    private static readonly MLflowBody<CreateRegisteredModelRequest> Create = new();
    private static readonly MLflowBody<RenameRegisteredModelRequest> Rename = new();
    private static readonly MLflowBody<UpdateRegisteredModelRequest> Change = new();
    private static readonly MLflowBody<RegisteredModelRequest> Named = new();
    private static readonly MLflowQuery<SearchRegistryRequest> Search = new();
    private static readonly MLflowBody<LatestVersionsRequest> Latest = new();

    /// <summary>Creates a model that has no version yet.</summary>
    [Function("MLflowCreateRegisteredModel"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: create a registered model.")]
    [Takes(nameof(Create)), Answers(typeof(RegisteredModelAnswer))]
    public async Task<IActionResult> CreateRegisteredModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/registered-models/create")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Create.ReadAsync(request, cancellationToken);
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        var tags = MLflowValues.TagsOf(body.Tags).ToDictionary(tag => tag.Key, string? (tag) => tag.Value);
        try
        {
            var made = await registry.CreateAsync(name, new ModelPatch { Description = body.Description, Tags = tags }, request.Caller().Name, cancellationToken);
            return Answer(RegistryAnswers.Of(made, []));
        }
        catch (ConflictException)
        {
            throw new ConflictException($"Registered Model (name={name}) already exists.");
        }
    }

    /// <summary>Refuses another name for a model.</summary>
    [Function("MLflowRenameRegisteredModel"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: rename a registered model; not supported (501).")]
    [Takes(nameof(Rename)), Answers(status: StatusCodes.Status501NotImplemented)]
    public async Task<IActionResult> RenameRegisteredModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/registered-models/rename")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Rename.ReadAsync(request, cancellationToken);
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        await ReadAsync(name, cancellationToken);
        throw new HttpStatusException(
            ErrorKind.Unsupported,
            $"A model cannot be renamed here: its name is part of the addresses at which it is served. Create a model of the new name, create its versions there, and delete {name}.");
    }

    /// <summary>Changes the description of a model.</summary>
    [Function("MLflowUpdateRegisteredModel"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: describe a registered model.")]
    [Takes(nameof(Change)), Answers(typeof(RegisteredModelAnswer))]
    public async Task<IActionResult> UpdateRegisteredModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "patch", Route = MLflowRoutes.Api + "/registered-models/update")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Change.ReadAsync(request, cancellationToken);
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        var patch = new ModelPatch { Description = body.Description ?? "" };
        var after = await calls.AskAsync(name, () => registry.UpdateAsync(name, patch, actor: request.Caller().Name, cancellationToken: cancellationToken));
        return Answer(await WithLatestAsync(after, cancellationToken));
    }

    /// <summary>Deletes a model with all its versions.</summary>
    [Function("MLflowDeleteRegisteredModel"), Requires(Role.Admin, Scope = ScopeRule.Function), Description("MLflow: delete a registered model with its versions.")]
    [Takes(nameof(Named)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteRegisteredModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = MLflowRoutes.Api + "/registered-models/delete")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        return await calls.AskAsync(name, async () =>
        {
            await deletion.DeleteModelAsync(name, force: false, purge: false, ifMatch: null, request.Caller().Name, cancellationToken);
            return new PlainAnswer(MLflowAnswers.Empty);
        });
    }

    /// <summary>A model.</summary>
    [Function("MLflowGetRegisteredModel"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("MLflow: a registered model.")]
    [Answers(typeof(RegisteredModelAnswer))]
    public async Task<IActionResult> GetRegisteredModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/registered-models/get")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        return Answer(await WithLatestAsync(await ReadAsync(name, cancellationToken), cancellationToken));
    }

    /// <summary>A page of models.</summary>
    [Function("MLflowSearchRegisteredModels"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("MLflow: search registered models.")]
    [Answers(typeof(RegisteredModelsAnswer))]
    public async Task<IActionResult> SearchRegisteredModels(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/registered-models/search")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Search.ReadAsync(request, cancellationToken);
        var scope = request.Caller().Scope;
        var page = await search.ModelsAsync(RegistryCalls.SearchOf(body, DefaultPage, MaxPage), model => scope?.Covers(model) != false, cancellationToken);
        var answers = new MLflowRegisteredModel[page.Items.Count];
        await Parallel.ForAsync(0, answers.Length, new ParallelOptions { MaxDegreeOfParallelism = Readers, CancellationToken = cancellationToken }, async (i, stop) =>
            answers[i] = await WithLatestAsync(page.Items[i], stop));
        return new PlainAnswer(new RegisteredModelsAnswer { RegisteredModels = MLflowAnswers.ListOf(answers), NextPageToken = page.Cursor });
    }

    /// <summary>The newest version of each stage, or of some.</summary>
    [Function("MLflowLatestVersions"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("MLflow: the newest versions of a registered model, by stage.")]
    [Takes(nameof(Latest)), Answers(typeof(ModelVersionsAnswer))]
    public async Task<IActionResult> LatestVersions(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", Route = MLflowRoutes.Api + "/registered-models/get-latest-versions")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Latest.ReadAsync(request, cancellationToken);
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        var stages = (body.Stages ?? []).Select(Stages.Parse).Distinct().ToList();
        var model = await ReadAsync(name, cancellationToken);
        var newest = await NewestAsync(model, stages.Count == 0 ? Stages.All : stages, cancellationToken);
        return new PlainAnswer(new ModelVersionsAnswer { ModelVersions = MLflowAnswers.ListOf(newest.Select(version => RegistryAnswers.Of(model, version))) });
    }

    private static PlainAnswer Answer(MLflowRegisteredModel model) => new(new RegisteredModelAnswer { RegisteredModel = model });

    private Task<Model> ReadAsync(ModelName name, CancellationToken cancellationToken) => calls.AskAsync(name, () => registry.GetAsync(name, cancellationToken));

    private async Task<MLflowRegisteredModel> WithLatestAsync(Model model, CancellationToken cancellationToken) =>
        RegistryAnswers.Of(model, await NewestAsync(model, Stages.All, cancellationToken));

    private async Task<List<ModelVersion>> NewestAsync(Model model, IReadOnlyList<string> stages, CancellationToken cancellationToken)
    {
        var staged = Stages.Aliases.Select(model.Target).OfType<int>().ToHashSet();
        var found = new List<ModelVersion>();
        foreach (var stage in stages)
        {
            try
            {
                var version = Stages.AliasOf(stage) is not { } alias ? await registry.NewestAsync(model.Name, staged, cancellationToken)
                    : model.Target(alias) is { } number && Stages.Of(model, number) == stage ? await registry.GetVersionAsync(model.Name, number, cancellationToken)
                    : null;
                if (version is not null)
                    found.Add(version);
            }
            catch (NotFoundException)
            {
                // Deleted since the model was read.
            }
        }

        return found;
    }
}
