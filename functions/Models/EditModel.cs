using System.ComponentModel;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Inference.Signatures;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Samples;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Models;

/// <summary>Changes to what describes a model, or one of its versions.</summary>
public sealed class EditModel(ModelRegistry registry, PutModel uploads)
{
    private static readonly JsonBody<ModelEditRequest> Body = new("{model_description:string}");
    private static readonly JsonBody<VersionEditRequest> BodyOfVersion = new("{description:string, source:string, tags:object, labels:[name, ...], features:[name or {name: ...}, ...], sample_tolerance:{atol, rtol}}");
    private static readonly FormSpec Form = PutModel.Spec with { Raw = null };

    /// <summary>
    /// Of a model, changes description, owner, tags or settings; of a version (<c>iris:3</c>), description, source, tags, labels, features or the tolerance of its samples. What is not named stays.
    /// Honours <c>If-Match</c>. A form is an upload, as MLBuffet's clients send it.
    /// </summary>
    [Function("EditModel"), Requires(Role.Contributor), Description("Edit: {\"model_description\", \"tags\", \"settings\", \"owner\"}; of a version {\"description\", \"source\", \"tags\", \"labels\", \"features\", \"sample_tolerance\"}; a form uploads.")]
    [Query, Takes(nameof(Body), nameof(BodyOfVersion), nameof(Form)), TakesHeaders(EntityTags.IfMatch, IdempotencyKey.Header)]
    [Answers(typeof(ModelEditAnswer)), Answers(typeof(VersionEditAnswer)), Answers(typeof(UploadedVersionAnswer), StatusCodes.Status201Created)]
    public async Task<IActionResult> Edit(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/models/{reference}")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        if (MultipartForm.IsForm(request))
            return await uploads.Put(request, reference, cancellationToken);
        var parsed = ModelReference.Parse(reference);
        return reference.Contains(':') ? await EditVersionAsync(request, parsed, cancellationToken) : await EditModelAsync(request, parsed.Name, cancellationToken);
    }

    private async Task<IActionResult> EditModelAsync(HttpRequest request, ModelName model, CancellationToken cancellationToken)
    {
        var body = await Body.ReadObjectAsync(request, cancellationToken);
        if (!body.EnumerateObject().Any())
            throw new InvalidRequestException("No model_description provided");
        if (body.TryGetProperty("model_description", out var text) && text.ValueKind != JsonValueKind.String)
            throw new InvalidRequestException("model_description must be a string");

        var edit = Body.Deserialize(body);
        var patch = new ModelPatch { Description = edit.ModelDescription, Owner = edit.Owner, Tags = edit.Tags, Settings = edit.Settings?.ToSettings() };
        var after = await registry.UpdateAsync(model, patch, request.IfMatch(), request.Caller().Name, cancellationToken);
        return Envelope.Ok($"{model} updated", new ModelEditAnswer { Model = ModelAnswers.Of(after) }).WithETag(after.ETag);
    }

    private async Task<IActionResult> EditVersionAsync(HttpRequest request, ModelReference reference, CancellationToken cancellationToken)
    {
        var body = await BodyOfVersion.ReadObjectAsync(request, cancellationToken);
        if (!body.EnumerateObject().Any())
            throw new InvalidRequestException($"Nothing to change was given; send {BodyOfVersion.Expected}.");
        var edit = BodyOfVersion.Deserialize(body);
        var patch = new VersionPatch
        {
            Description = edit.Description,
            Source = edit.Source,
            Tags = edit.Tags,
            Labels = edit.Labels,
            Features = edit.Features is null ? null : Json.Deserialize<List<Feature>>(body.GetProperty("features"), BodyOfVersion.Expected),
            SampleTolerance = edit.SampleTolerance is { } tolerance ? new SampleTolerance { Atol = tolerance.Atol, Rtol = tolerance.Rtol } : null,
        };
        var number = reference.Version ?? (await registry.ResolveAsync(reference, cancellationToken)).Version.Version;
        var (model, version) = await registry.UpdateVersionAsync(reference.Name, number, patch, request.IfMatch(), request.Caller().Name, cancellationToken);
        return Envelope.Ok($"{model.Name}:{number} updated", new VersionEditAnswer { Version = ModelAnswers.Of(version) }).WithETag(model.ETag);
    }
}
