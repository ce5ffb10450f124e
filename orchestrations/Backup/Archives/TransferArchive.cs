using System.IO.Compression;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>An archive of a registry that nobody trusts: its end is looked at before its directory is read, then all entries by what they claim; files are read as streams.</summary>
internal sealed class TransferArchive : IImportArchive, IAsyncDisposable
{
    private readonly RangeStream content;
    private readonly ZipArchive zip;
    private readonly ArchiveEntryRules rules;
    private readonly Dictionary<string, ZipArchiveEntry> entries;

    private TransferArchive(RangeStream content, ZipArchive zip, ArchiveEntryRules rules)
    {
        (this.content, this.zip, this.rules) = (content, zip, rules);
        rules.Check(zip.Entries);
        entries = zip.Entries.Where(entry => !entry.FullName.EndsWith('/')).ToDictionary(entry => entry.FullName, StringComparer.Ordinal);
        Files = entries.ToDictionary(entry => entry.Key, entry => entry.Value.Length, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> Files { get; }

    /// <summary>Opens an archive and looks at all its entries.</summary>
    /// <exception cref="InvalidRequestException">It is none, or has what no archive may have: a sentence why.</exception>
    public static async Task<TransferArchive> OpenAsync(RangeStream content, ImportLimits limits, CancellationToken cancellation)
    {
        var bounds = new ArchiveLimits { Entries = limits.Entries, ExpandedBytes = limits.ExpandedBytes, Ratio = limits.Ratio };
        var tail = new byte[(int)Math.Min(content.Length, ArchiveDirectory.TailLength)];
        content.Position = content.Length - tail.Length;
        await content.ReadExactlyAsync(tail, cancellation);
        await content.KeepFromAsync(ArchiveDirectory.Check(tail, content.Length, bounds), cancellation);
        content.Position = 0;
        try
        {
            // Models' names differ in case.
            return new TransferArchive(
                content,
                await ZipArchive.CreateAsync(content, ZipArchiveMode.Read, leaveOpen: true, entryNameEncoding: null, cancellation),
                new ArchiveEntryRules(bounds, StringComparer.Ordinal));
        }
        catch (InvalidDataException)
        {
            throw new InvalidRequestException("The archive is damaged: its directory cannot be read.");
        }
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(string file, CancellationToken cancellation)
    {
        var entry = entries[file];
        try
        {
            return new ArchiveEntryStream(entry, await entry.OpenAsync(cancellation), rules);
        }
        catch (InvalidDataException)
        {
            throw new InvalidRequestException($"The archive's file {ArchiveEntryRules.Shown(file)} cannot be read: it is damaged, or packed in a way that is not known here.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await zip.DisposeAsync();
        await content.DisposeAsync();
    }
}
