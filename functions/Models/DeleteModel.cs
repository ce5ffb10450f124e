using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Models;

/// <summary>Deletion of a version or of a whole model, and its restoration.</summary>
public sealed class DeleteModel(ModelRegistry registry, ModelDeletion deletion)
{
    /// <summary>
    /// Deletes <c>name:3</c>, <c>name:default</c> (the version that this is, which is then not the default any more), or, for administrators, <c>name</c> with all its
    /// versions. 409 while an alias points there or a schedule needs it, unless <c>?force=true</c>. It can be restored, unless <c>?purge=true</c>. The answer says where
    /// the default points now.
    /// </summary>
    [Function("DeleteModel"), Requires(Role.Contributor), Description("Delete a model, or one version of it (name:3); ?force=true despite aliases and schedules; ?purge=true for good.")]
    [Query("force", "purge"), TakesHeaders(EntityTags.IfMatch), Answers(typeof(VersionDeletionAnswer)), Answers(typeof(Answer))]
    public async Task<IActionResult> Delete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/models/{reference}")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var parsed = ModelReference.Parse(reference);
        var (force, purge) = (request.Flag("force"), request.Flag("purge"));
        var isDefault = parsed is { Version: null, Alias: null } && reference.Contains(':');
        if (parsed.Alias is not null)
            throw new InvalidRequestException("Name the version to delete by its number, as in name:3, or name:default; DELETE .../aliases/{alias} removes an alias.");
        if (parsed.Version is null && !isDefault)
        {
            request.Require(Role.Admin, "The deletion of a whole model");
            await deletion.DeleteModelAsync(parsed.Name, force, purge, request.IfMatch(), request.Caller().Name, cancellationToken);
            return Envelope.Ok($"{parsed.Name} removed successfully");
        }

        var deleted = await deletion.DeleteVersionAsync(parsed.Name, parsed.Version, force, purge, request.IfMatch(), request.Caller().Name, cancellationToken);
        var answer = new VersionDeletionAnswer
        {
            RemovedAliases = deleted.RemovedAliases,
            PreviousDefault = deleted.PreviousDefault,
            DefaultVersion = deleted.CurrentDefault,
        };
        return Envelope.Ok($"Version {deleted.Version} from {parsed.Name} removed successfully", answer).WithETag(deleted.Model.ETag);
    }

    /// <summary>Restores what was deleted: <c>name:3</c>, or, for administrators, <c>name</c> with all that it had.</summary>
    [Function("RestoreModel"), Requires(Role.Contributor), Description("Restore a deleted model, or one deleted version of it (name:3).")]
    [Query, Takes, TakesHeaders(EntityTags.IfMatch), Answers(typeof(ModelEditAnswer))]
    public async Task<IActionResult> Restore(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/models/{reference}/restore")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var parsed = ModelReference.Parse(reference);
        if (parsed.Version is not { } version)
        {
            if (reference.Contains(':'))
                throw new InvalidRequestException("Name the version to restore by its number, as in name:3.");
            request.Require(Role.Admin, "The restoration of a whole model");
            return Restored(await registry.RestoreModelAsync(parsed.Name, request.Caller().Name, cancellationToken), parsed.Name);
        }

        var model = await registry.RestoreVersionAsync(parsed.Name, version, request.IfMatch(), request.Caller().Name, cancellationToken);
        return Restored(model, $"Version {version} of {parsed.Name}");
    }

    private static Envelope Restored(Model model, string what) =>
        Envelope.Ok($"{what} restored successfully", new ModelEditAnswer { Model = ModelAnswers.Of(model) }).WithETag(model.ETag);
}
