using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Registry.Backup;

/// <summary>
/// Writes a registry, or some models of it, as a zip: the documents as JSON for people to read, the artifacts once each. The same registry gives the same
/// bytes, whichever store its documents are in. Others may change it meanwhile: each model is in it as it was at one moment.
/// </summary>
/// <remarks>Memory: some 500 bytes for every file of the archive, whose directory comes last.</remarks>
/// <param name="documents">The documents.</param>
/// <param name="artifacts">The files.</param>
public sealed class RegistryExporter(IDocumentStore documents, IArtifactStore artifacts)
{
    private static readonly string[] LeftOut =
    [
        "jobs and their files",
        "upload sessions and what is in the containers uploads, scoring and rejected",
        "data sets",
        "the audit log",
        "idempotency keys",
        "values of schedules' secrets, and what schedules have run",
    ];

    /// <summary>Writes an archive.</summary>
    /// <param name="output">Where to; it is written once, from its start to its end, and left open.</param>
    /// <param name="selection">What it has.</param>
    /// <param name="note">Told again and again how far it is.</param>
    /// <param name="cancellationToken">Cancels the operation; the archive is then incomplete.</param>
    /// <returns>What it has.</returns>
    /// <exception cref="NotFoundException">A model that was named is not there.</exception>
    /// <exception cref="ConflictException">An artifact is damaged or not there, or a model changes too fast.</exception>
    public async Task<BackupContents> ExportAsync(
        Stream output, ExportSelection selection, Func<BackupContents, Task>? note = null, CancellationToken cancellationToken = default)
    {
        await using var writer = await ExportWriter.CreateAsync(output, note ?? (_ => Task.CompletedTask), cancellationToken);
        IExportedCollection[] collections = [new ExportedModels(documents, artifacts), new ExportedSchedules(documents)];
        foreach (var collection in collections)
            await collection.WriteAsync(writer, selection, cancellationToken);

        if (selection.IncludeArtifacts)
        {
            foreach (var sha256 in writer.Artifacts)
            {
                var content = await artifacts.OpenReadAsync(sha256, cancellationToken: cancellationToken)
                    ?? throw new ConflictException($"The artifact {sha256} is not stored any more.");
                await writer.AddArtifactAsync(sha256, content, cancellationToken);
            }
        }

        await writer.CompleteAsync(selection, LeftOut, cancellationToken);
        return writer.Contents;
    }
}

/// <summary>What an export has.</summary>
/// <param name="Models">Which models; with all of them come all schedules, else those that are about the models.</param>
/// <param name="IncludeArtifacts">Whether their files are in it; without, an import needs them where it goes.</param>
public sealed record ExportSelection(NamePatterns Models, bool IncludeArtifacts);

/// <summary>A part of a registry that exports have: documents of one kind.</summary>
internal interface IExportedCollection
{
    /// <summary>Adds what is selected, in an order that is always the same; and names the artifacts that belong to it.</summary>
    Task WriteAsync(ExportWriter writer, ExportSelection selection, CancellationToken cancellationToken);
}
