using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;

namespace Larder.Registry.Backup;

/// <summary>Models with their versions, deleted ones too: their numbers are never given again, wherever they are imported.</summary>
internal sealed class ExportedModels(IDocumentStore documents, IArtifactStore artifacts) : IExportedCollection
{
    private const int PageSize = 500;

    private readonly ModelSnapshots _snapshots = new(documents);

    public async Task WriteAsync(ExportWriter writer, ExportSelection selection, CancellationToken cancellationToken)
    {
        await foreach (var found in documents.ScanAllAsync(ModelCollections.Models, PageSize, cancellationToken))
        {
            if (selection.Models.Matches(found.Value.Name))
                await WriteAsync(writer, await ReadAsync(writer, found.Value, selection.IncludeArtifacts, cancellationToken), cancellationToken);
        }

        if (selection.Models.Unmatched.FirstOrDefault() is { } missing)
            throw new NotFoundException($"There is no model {missing}.");
    }

    /// <summary>Reads a model and touches its artifacts, so that the garbage collector leaves them even if a version is deleted meanwhile.</summary>
    private async Task<ModelSnapshot> ReadAsync(ExportWriter writer, ModelDocument model, bool withArtifacts, CancellationToken cancellationToken)
    {
        string? missing = null;
        while (true)
        {
            var snapshot = await _snapshots.ReadAsync(model, cancellationToken);
            var lacks = withArtifacts ? await FindMissingAsync(writer, snapshot, cancellationToken) : null;
            if (lacks is null)
                return snapshot;
            // The version may have been deleted, and its artifact collected, since the model was read: then the next read does not have it.
            if (lacks == missing)
                throw new ConflictException($"The artifact {lacks} of the model {model.Name} is not stored any more: delete the version that names it, or leave the model out.");
            missing = lacks;
            model = (await documents.GetAsync(ModelCollections.Models, model.Name, ModelCollections.ModelId, cancellationToken))!.Value;
        }
    }

    private async Task<string?> FindMissingAsync(ExportWriter writer, ModelSnapshot snapshot, CancellationToken cancellationToken)
    {
        foreach (var sha256 in snapshot.Artifacts)
        {
            if (!writer.Artifacts.Contains(sha256) && !await artifacts.TouchAsync(sha256, cancellationToken))
                return sha256;
        }

        return null;
    }

    private static async Task WriteAsync(ExportWriter writer, ModelSnapshot snapshot, CancellationToken cancellationToken)
    {
        var name = snapshot.Model.Name;
        await writer.AddAsync(
            BackupFormat.ModelOf(name),
            snapshot.Model,
            contents => snapshot.Model.Deleted ? contents with { DeletedModels = contents.DeletedModels + 1 } : contents with { Models = contents.Models + 1 },
            cancellationToken);
        foreach (var (number, version) in snapshot.Versions)
        {
            await writer.AddAsync(
                BackupFormat.VersionOf(name, number),
                version,
                contents => version.Version is null
                    ? contents with { DeletedVersions = contents.DeletedVersions + 1 }
                    : contents with { Versions = contents.Versions + 1 },
                cancellationToken);
        }

        foreach (var sha256 in snapshot.Artifacts)
            writer.Name(sha256);
    }
}
