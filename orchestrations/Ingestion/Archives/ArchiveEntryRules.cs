using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Ingestion.Archives;

/// <summary>
/// What an archive's entries may be. No entry's name ever becomes a path here; archives with names that mean harm elsewhere are refused all the same.
/// </summary>
/// <param name="limits">How much.</param>
/// <param name="names">Which names are the same; usually those that differ in case only, too.</param>
internal sealed class ArchiveEntryRules(ArchiveLimits limits, StringComparer? names = null)
{
    /// <summary>Files below this size may have any compression ratio.</summary>
    public const long RatioFrom = 1 << 20;

    private const int MaxShown = 60;

    private readonly HashSet<string> _seen = new(names ?? StringComparer.OrdinalIgnoreCase);

    // The upper half of the external attributes is the file's mode, when it was packed on Unix (stat(2)).
    private const int ModeShift = 16;
    private const int TypeMask = 0xF000;
    private const int Folder = 0x4000;
    private const int RegularFile = 0x8000;
    private const int Link = 0xA000;

    /// <summary>Checks the entries of a zip, which are then known.</summary>
    /// <exception cref="InvalidRequestException">One of them is not allowed: which, and why.</exception>
    public void Check(IEnumerable<ZipArchiveEntry> entries)
    {
        var total = 0L;
        foreach (var entry in entries)
        {
            CheckName(entry.FullName);
            CheckType(entry);
            if (entry.Length < 0 || entry.Length > limits.ExpandedBytes - total)
                throw new InvalidRequestException($"The archive's files have more than {limits.ExpandedBytes} bytes unpacked, which is the limit.");
            if (IsTooDense(entry.Length, entry.CompressedLength))
                throw TooDense(entry.FullName);
            total += entry.Length;
        }
    }

    /// <summary>Checks an entry of a tar, whose size is limited as a whole.</summary>
    /// <inheritdoc cref="Check(IEnumerable{ZipArchiveEntry})"/>
    public void Check(string name, TarEntryType type)
    {
        CheckName(name);
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            throw IsLink(name);
        if (type is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile or TarEntryType.Directory))
            throw IsNeither(name);
    }

    /// <summary>Whether so many bytes come from so few.</summary>
    public bool IsTooDense(long length, long packed) => length > RatioFrom && length / Math.Max(1, packed) > limits.Ratio;

    public InvalidRequestException TooDense(string name) =>
        new($"The archive's file {Shown(name)} is packed more than {limits.Ratio} to 1, which is the limit.");

    /// <summary>A name as a message may repeat it: short, printable.</summary>
    public static string Shown(string name)
    {
        var shown = new StringBuilder("'");
        foreach (var rune in name.EnumerateRunes().Take(MaxShown))
            shown.Append(Rune.IsControl(rune) ? "?" : rune.ToString());
        return shown.Append(name.Length > MaxShown ? "...'" : "'").ToString();
    }

    private static InvalidRequestException IsLink(string name) => new($"The archive has a link, {Shown(name)}; only files and folders are allowed.");

    private static InvalidRequestException IsNeither(string name) => new($"The archive has {Shown(name)}, which is neither a file nor a folder.");

    private void CheckName(string name)
    {
        var why = name switch
        {
            "" => "is empty",
            _ when name.Any(char.IsControl) => "has control characters",
            _ when name.Contains('\\') => "has backslashes",
            ['/', ..] => "is absolute",
            [_, ':', ..] => "begins with a drive",
            _ when name.TrimEnd('/').Split('/').Any(part => part is ".." or "." or "") => "leads out of the archive, or in circles",
            _ => null,
        };
        if (why is not null)
            throw new InvalidRequestException($"The name {Shown(name)} in the archive {why}.");
        if (!_seen.Add(name.TrimEnd('/')))
            throw new InvalidRequestException($"The archive has {Shown(name)} twice.");
    }

    private static void CheckType(ZipArchiveEntry entry)
    {
        if (entry.IsEncrypted)
            throw new InvalidRequestException($"The archive's file {Shown(entry.FullName)} is encrypted.");
        var type = (entry.ExternalAttributes >> ModeShift) & TypeMask;
        if (type == Link)
            throw IsLink(entry.FullName);
        if (type is not (0 or RegularFile or Folder))
            throw IsNeither(entry.FullName);
    }
}
