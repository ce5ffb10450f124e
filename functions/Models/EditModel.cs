using System.ComponentModel;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Models;

/// <summary>Changes to what describes a model.</summary>
public sealed class EditModel(ModelRegistry registry, PutModel uploads)
{
    private const string Expected = "{model_description:string}";

    /// <summary>Changes description, owner, tags or settings; what is not named stays. Honours <c>If-Match</c>. A form is an upload, as MLBuffet's clients send it.</summary>
    [Function("EditModel"), Requires(Role.Contributor), Description("Edit: {\"model_description\", \"tags\", \"settings\", \"owner\"}; a form uploads.")]
    public async Task<IActionResult> Edit(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/models/{model}")] HttpRequest request,
        string model,
        CancellationToken cancellationToken)
    {
        if (MultipartForm.IsForm(request))
            return await uploads.Put(request, model, cancellationToken);
        var name = ModelName.Parse(model);
        var body = await Json.ReadObjectAsync(request, Expected, ["model_description", "owner", "tags", "settings"], cancellationToken);
        if (!body.EnumerateObject().Any())
            throw new InvalidRequestException("No model_description provided");
        if (body.TryGetProperty("model_description", out var text) && text.ValueKind != JsonValueKind.String)
            throw new InvalidRequestException("model_description must be a string");

        var edit = Json.Deserialize<ModelEditRequest>(body, Expected);
        var patch = new ModelPatch { Description = edit.ModelDescription, Owner = edit.Owner, Tags = edit.Tags, Settings = edit.Settings?.ToSettings() };
        var after = await registry.UpdateAsync(name, patch, request.IfMatch(), request.Caller().Name, cancellationToken);
        return Envelope.Ok($"{name} updated", new ModelEditAnswer { Model = ModelAnswers.Of(after) }).WithETag(after.ETag);
    }
}
