using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Access;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Datasets;

/// <summary>Requests for jobs that read a data set: a form with a file or the address of one, and options; or the same as JSON, with an address.</summary>
internal sealed class DatasetForms(StagingArea staging, ScoringLimits limits)
{
    /// <summary>The field of the data set.</summary>
    public const string Dataset = "dataset";

    /// <summary>What the form takes.</summary>
    /// <param name="what">What it asks for, in a sentence of a refusal.</param>
    /// <param name="options">The job's options.</param>
    public static FormSpec Spec(string what, JobOptions options) => new(
        what,
        $"JSON that names the data set: {{\"{Dataset}\": \"uploads/file.csv\"}}",
        new FormField(Dataset, "The data set: a file, or the address of one: uploads/path, datasets/model/file or a URL.") { IsFile = true, IsRequired = true, IsText = true, TextBytes = FormField.AddressBytes },
        FormField.Options with { OptionsOf = options });

    /// <summary>Accepts a request. With the header <c>Idempotency-Key</c>, sending the same again answers the same job.</summary>
    /// <param name="request">The request.</param>
    /// <param name="reference">The model, and which version.</param>
    /// <param name="spec">The form that it may be.</param>
    /// <param name="body">The JSON that it may be.</param>
    /// <param name="submitter">Accepts such jobs.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<Job> AcceptAsync<TBody, TOptions>(
        HttpRequest request, string reference, FormSpec spec, JsonBody<TBody> body, DatasetJobSubmitter<TOptions> submitter, CancellationToken cancellationToken)
        where TBody : DatasetJobBody
        where TOptions : class
    {
        ModelReference.Parse(reference);
        var (key, caller) = (IdempotencyKey.Of(request), request.Caller());
        if (request.IsJson())
        {
            var json = await body.ReadAsync(request, cancellationToken);
            return await submitter.SubmitAsync(reference, json.Dataset, submitter.Schema.ReadOrDefault(json.Options), key, caller, cancellationToken);
        }

        await using var form = await Form.ReadAsync(request, spec, StageAsync, cancellationToken);
        return await TakeAsync(reference, form, form.Line(Dataset), submitter.Schema.ReadOrDefault(form.JsonOf(FormField.Options)), key, caller, submitter, cancellationToken);
    }

    /// <summary>Accepts the data set of a form.</summary>
    /// <param name="reference">The model, and which version.</param>
    /// <param name="form">With the file of <see cref="Spec"/>.</param>
    /// <param name="address">The address of the data set; null when it is the file.</param>
    /// <param name="options">The options.</param>
    /// <param name="key">The idempotency key; null for none.</param>
    /// <param name="caller">Who sends it.</param>
    /// <param name="submitter">Accepts such jobs.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static Task<Job> TakeAsync<TOptions>(
        string reference, Form form, string? address, TOptions options, string? key, Caller caller, DatasetJobSubmitter<TOptions> submitter, CancellationToken cancellationToken)
        where TOptions : class
    {
        if (address is not null)
            return submitter.SubmitAsync(reference, address, options, key, caller, cancellationToken);
        var file = form.Require(Dataset, "No data provided with name 'dataset'");
        return submitter.SubmitAsync(reference, file.FileName, file.Staged, options, key, caller, cancellationToken);
    }

    /// <summary>Keeps the bytes of the data set while they arrive.</summary>
    public Task<StagedFile> StageAsync(FormField field, Stream content, CancellationToken cancellationToken) => staging.AddAsync(content, "data set", limits.DatasetBytes, null, cancellationToken);
}
