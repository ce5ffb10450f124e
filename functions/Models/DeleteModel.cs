using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Inference.Sessions;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Models;

/// <summary>Deletion of a version or of a whole model.</summary>
public sealed class DeleteModel(ModelRegistry registry, SessionCache sessions)
{
    /// <summary>
    /// Deletes <c>name:3</c>, or, for administrators, <c>name</c> with all its versions. 409 while an alias other than <c>default</c> points there,
    /// unless <c>?force=true</c>. The answer says where the default points now.
    /// </summary>
    [Function("DeleteModel"), Requires(Role.Contributor), Description("Delete a model, or one version of it (name:3); ?force=true despite aliases.")]
    public async Task<IActionResult> Delete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/models/{reference}")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var parsed = ModelReference.Parse(reference);
        var force = request.Flag("force");
        if (reference.Contains(':') && parsed.Version is null)
            throw new InvalidRequestException("Name the version to delete by its number, as in name:3; DELETE .../aliases/{alias} removes an alias.");
        if (parsed.Version is not { } number)
        {
            request.Require(Role.Admin, "The deletion of a whole model");
            await registry.DeleteModelAsync(parsed.Name, force, request.IfMatch(), request.Caller().Name, cancellationToken);
            sessions.Unload(parsed.Name);
            return Envelope.Ok($"{parsed.Name} removed successfully");
        }

        var deletion = await registry.DeleteVersionAsync(parsed.Name, number, force, request.IfMatch(), request.Caller().Name, cancellationToken);
        sessions.Unload(parsed.Name, $"{number}");
        var answer = new VersionDeletionAnswer
        {
            RemovedAliases = deletion.RemovedAliases,
            PreviousDefault = deletion.PreviousDefault,
            DefaultVersion = deletion.CurrentDefault,
        };
        return Envelope.Ok($"Version {number} from {parsed.Name} removed successfully", answer).WithETag(deletion.Model.ETag);
    }
}
