using System.IO.Compression;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Registry.Backup;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Backup.Archives;

/// <summary>An untrusted archive of a registry: its end is checked before its directory is read, then all entries by their declared sizes and names; files are read as streams.</summary>
internal sealed class BackupArchive : IImportArchive, IAsyncDisposable
{
    private readonly RangeStream _content;
    private readonly ZipArchive _zip;
    private readonly ArchiveEntryRules _rules;
    private readonly Dictionary<string, ZipArchiveEntry> _entries;

    private BackupArchive(RangeStream content, ZipArchive zip, ArchiveEntryRules rules)
    {
        (_content, _zip, _rules) = (content, zip, rules);
        rules.Check(zip.Entries);
        _entries = zip.Entries.Where(entry => !entry.FullName.EndsWith('/')).ToDictionary(entry => entry.FullName, StringComparer.Ordinal);
        Files = _entries.ToDictionary(entry => entry.Key, entry => entry.Value.Length, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> Files { get; }

    /// <summary>Opens an archive and checks all its entries.</summary>
    /// <exception cref="InvalidRequestException">It is none, or has what no archive may have: a sentence why.</exception>
    public static async Task<BackupArchive> OpenAsync(RangeStream content, ImportLimits limits, CancellationToken cancellationToken)
    {
        var bounds = new ArchiveLimits { Entries = limits.Entries, ExpandedBytes = limits.ExpandedBytes, Ratio = limits.Ratio };
        var tail = new byte[(int)Math.Min(content.Length, ArchiveDirectory.TailLength)];
        content.Position = content.Length - tail.Length;
        await content.ReadExactlyAsync(tail, cancellationToken);
        await content.KeepFromAsync(ArchiveDirectory.Check(tail, content.Length, bounds), cancellationToken);
        content.Position = 0;
        try
        {
            // Models' names differ in case.
            return new BackupArchive(
                content,
                await ZipArchive.CreateAsync(content, ZipArchiveMode.Read, leaveOpen: true, entryNameEncoding: null, cancellationToken),
                new ArchiveEntryRules(bounds, StringComparer.Ordinal));
        }
        catch (InvalidDataException)
        {
            throw new InvalidRequestException("The archive is damaged: its directory cannot be read.");
        }
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(string file, CancellationToken cancellationToken)
    {
        var entry = _entries[file];
        try
        {
            return new ArchiveEntryStream(entry, await entry.OpenAsync(cancellationToken), _rules);
        }
        catch (InvalidDataException)
        {
            throw new InvalidRequestException($"The archive's file {ArchiveEntryRules.Shown(file)} cannot be read: it is damaged, or packed in a way that is not known here.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _zip.DisposeAsync();
        await _content.DisposeAsync();
    }
}
