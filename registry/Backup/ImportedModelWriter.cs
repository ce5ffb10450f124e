using System.Text.Json.Nodes;
using Larder.Registry.Audit;
using Larder.Registry.Models;
using Larder.Registry.Storage;

namespace Larder.Registry.Backup;

/// <summary>
/// Writes imported models so that each is seen whole or not at all, whenever the process crashes: (1) the model's document, as of a deleted one that has given
/// all the numbers, so that no publisher takes a number and no reader sees the model; (2) the versions, which mean nothing while the model says so; (3) the model's document as it
/// is to be, by compare-and-swap. Doing it again goes on.
/// </summary>
internal sealed class ImportedModelWriter(ModelStore models, string job, string who, TimeProvider time)
{
    // Between the last number of the archive and the last that was given here: each gets a document that says that it is deleted.
    public const int MaxGap = 100_000;

    private readonly DocumentUpdater<VersionDocument> _versions = new(models.Documents, ModelCollections.Versions);
    private readonly ModelSnapshots _snapshots = new(models.Documents);

    /// <summary>Writes a model.</summary>
    /// <param name="archived">The model, checked; its artifacts are stored.</param>
    /// <param name="planned">What was decided about it.</param>
    /// <param name="cancellationToken">Cancels the operation; the next attempt continues.</param>
    /// <returns>The outcome: as planned, or failed, when it was changed here meanwhile.</returns>
    public async Task<ImportedItem> WriteAsync(ModelSnapshot archived, ImportedItem planned, CancellationToken cancellationToken)
    {
        var read = await models.FindAsync(archived.Model.Name, cancellationToken);
        if (archived.Model.Deleted)
            return await WriteDeletedAsync(archived.Model, read, planned, cancellationToken);
        var last = Math.Max(archived.Model.LastVersion, read?.Value.LastVersion ?? 0);
        if (last - archived.Model.LastVersion > MaxGap)
            return planned with { Outcome = ImportOutcome.Failed, Reason = $"More than {MaxGap} numbers were given here since." };
        var whole = archived.WithNumbersUpTo(last);
        // Written by an earlier attempt of this job, or by another caller.
        if (read is { Value.Deleted: false })
            return whole.Equals(await _snapshots.ReadAsync(read.Value, cancellationToken)) ? planned : Late(planned);
        if (planned.Outcome == ImportOutcome.Created && read is { Value: { Deleted: true, Importing: null } })
            return Late(planned);

        var placeholder = read?.Value.Importing == job && read.Value.LastVersion == last
            ? read
            : await TryWriteAsync(read, Placeholder(whole.Model, read?.Value), cancellationToken);
        if (placeholder is null)
            return Late(planned);
        foreach (var (number, version) in whole.Versions)
            await WriteAsync(whole.Model.Name, number, version, cancellationToken);
        return await TryWriteAsync(placeholder, Recorded(whole.Model, placeholder.Value), cancellationToken) is null ? Late(planned) : planned;
    }

    private async Task<ImportedItem> WriteDeletedAsync(ModelDocument archived, Document<ModelDocument>? read, ImportedItem planned, CancellationToken cancellationToken)
    {
        if (read is { Value: { Deleted: true, Importing: null } here } && here.LastVersion >= archived.LastVersion)
            return planned;
        if (read is { Value.Deleted: false })
            return Late(planned);
        var last = Math.Max(archived.LastVersion, read?.Value.LastVersion ?? 0);
        return await TryWriteAsync(read, Recorded(archived with { LastVersion = last, DeletedThrough = last }, read?.Value), cancellationToken) is null ? Late(planned) : planned;
    }

    /// <summary>The model with the record of its import. Records that are not in the log yet stay; numbers of records go on, after those that the archive's list names.</summary>
    private ModelDocument Recorded(ModelDocument final, ModelDocument? before)
    {
        var outbox = before?.Outbox ?? new AuditOutbox();
        var last = final.Audit.Select(entry => entry.Revision ?? 0).DefaultIfEmpty().Max();
        outbox = outbox with { Last = Math.Max(outbox.Last, last) };
        return final with
        {
            Outbox = outbox.Add(new AuditRecord
            {
                Subject = AuditSubject.OfModel(final.Name),
                When = time.GetUtcNow(),
                Who = who,
                What = "import",
                After = AuditValues.Shown(new JsonObject { ["job"] = job, ["last_version"] = final.LastVersion, ["deleted"] = final.Deleted }),
            }),
        };
    }

    private ModelDocument Placeholder(ModelDocument final, ModelDocument? before) => new()
    {
        Name = final.Name,
        LastVersion = final.LastVersion,
        DeletedThrough = final.LastVersion,
        Deleted = true,
        Importing = job,
        Created = final.Created,
        Updated = final.Updated,
        Audit = final.Audit,
        Outbox = before?.Outbox ?? new AuditOutbox(),
    };

    /// <summary>Writes a model document; null when it is another one by now.</summary>
    private async Task<Document<ModelDocument>?> TryWriteAsync(Document<ModelDocument>? read, ModelDocument next, CancellationToken cancellationToken)
    {
        try
        {
            return await models.WriteAsync(read, next, cancellationToken);
        }
        catch (Exception e) when (e is ETagMismatchException or DocumentExistsException)
        {
            return null;
        }
    }

    /// <summary>Writes a version's document in the place of what is there, which means nothing: the model says that all numbers up to its last are deleted.</summary>
    private Task WriteAsync(ModelName name, int number, VersionDocument version, CancellationToken cancellationToken) =>
        _versions.UpdateAsync(
            name,
            ModelCollections.VersionId(number),
            $"the model {name}",
            read => read is not null && BackupJson.Write(read.Value).AsSpan().SequenceEqual(BackupJson.Write(version)) ? read.Value : version,
            cancellationToken);

    private static ImportedItem Late(ImportedItem planned) => planned with
    {
        Outcome = ImportOutcome.Failed,
        Reason = "It was changed here while the import ran: what is here stays as it is.",
    };
}
