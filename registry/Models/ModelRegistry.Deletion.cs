using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Registry.Models;

public sealed partial class ModelRegistry
{
    /// <summary>
    /// Deletes a version. Its number is never given again. If it was the default, the default follows the newest READY version from
    /// now on, and the answer and the audit list say so.
    /// </summary>
    /// <param name="name">The model.</param>
    /// <param name="version">The version.</param>
    /// <param name="force">Removes the aliases that point at it too.</param>
    /// <param name="ifMatch">The model's ETag.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="NotFoundException">There is no such version.</exception>
    /// <exception cref="ConflictException">An alias points at it.</exception>
    public async Task<VersionDeletion> DeleteVersionAsync(
        string name, int version, bool force = false, string? ifMatch = null, string? actor = null, CancellationToken cancellationToken = default)
    {
        ModelName.Validate(name);
        var (before, after) = await _models.ChangeAsync(name, ifMatch, Delete, cancellationToken);

        var left = await TidyUpAsync(after);
        return new VersionDeletion(
            left.Value.View(left.ETag), version, before.AliasesOf(version), before.ServedVersion, after.Value.ServedVersion);

        async Task<ModelDocument> Delete(ModelDocument model)
        {
            var deleted = await Ledger.FindAsync(model, version, cancellationToken) ?? throw NoVersion(name, version);
            if (!force && model.AliasesOf(version) is { Count: > 0 } aliases)
            {
                throw new ConflictException(
                    $"Version {version} of {name} is what {string.Join(", ", aliases)} points at: move the alias first, or force the deletion.");
            }

            var newest = model.LatestVersion == version ? await Ledger.NewestBelowAsync(model, version, cancellationToken) : null;
            return model.Delete(deleted, newest, _time.GetUtcNow(), actor);
        }

        async Task<Document<ModelDocument>> TidyUpAsync(Document<ModelDocument> deleted)
        {
            try
            {
                return await Ledger.FinishDeletingAsync(name, version, cancellationToken) ?? deleted;
            }
            catch (Exception e) when (e is StorageUnavailableException or ConflictException)
            {
                // The version is deleted already; the sweeper will tidy up.
                return deleted;
            }
        }
    }

    /// <summary>Deletes a model with all its versions. Its numbers are not given again, should it be published anew.</summary>
    /// <param name="name">The model.</param>
    /// <param name="force">Also when it has aliases.</param>
    /// <param name="ifMatch">The model's ETag.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    /// <exception cref="ConflictException">It has aliases.</exception>
    public async Task DeleteModelAsync(
        string name, bool force = false, string? ifMatch = null, string? actor = null, CancellationToken cancellationToken = default)
    {
        ModelName.Validate(name);
        await _models.ChangeAsync(name, ifMatch, Delete, cancellationToken);

        async Task<ModelDocument> Delete(ModelDocument model)
        {
            if (!force && model.Aliases.Count > 0)
            {
                throw new ConflictException(
                    $"The model {name} has aliases ({string.Join(", ", model.Aliases.Keys)}): delete them first, or force the deletion.");
            }

            return model.DeleteAll(await Ledger.HighestTakenAsync(model, cancellationToken), _time.GetUtcNow(), actor);
        }
    }
}
