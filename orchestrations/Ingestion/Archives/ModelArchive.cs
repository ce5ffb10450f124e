using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Inference.Limits;
using Larder.Inference.Validation.Scanning;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Options;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;

namespace Larder.Orchestrations.Ingestion.Archives;

/// <summary>
/// An archive with a model: <c>model.onnx</c>, perhaps the files in which it keeps tensors, <c>larder.yaml</c>, <c>metrics.json</c>, <c>README.md</c>, <c>sample_inputs.json</c> and <c>sample_outputs.json</c>, all at its top or in its only
/// folder. Whatever it claims or holds, it takes little memory: its files are read as streams, each up to a limit, and its names are only compared.
/// </summary>
internal sealed class ModelArchive : IAsyncDisposable
{
    public const string Model = "model.onnx";
    public const string Manifest = "larder.yaml";

    private const string ShortManifest = "larder.yml";

    private readonly ArchiveLimits _limits;
    private readonly Dictionary<string, ArchiveFile> _files;
    private readonly HashSet<string> _read = [];
    private readonly IAsyncDisposable _source;

    private ModelArchive(IEnumerable<ArchiveFile> files, IAsyncDisposable source, ArchiveLimits limits)
    {
        (_limits, _source) = (limits, source);
        var shown = files.Where(file => !IsHidden(file.Name)).ToList();
        var top = shown.Exists(file => file.Name == Model) ? "" : OnlyFolder(shown);
        _files = shown.ToDictionary(file => file.Name[top.Length..]);
    }

    /// <summary>Files that were not read, and are not hidden.</summary>
    public IReadOnlyList<string> Ignored => [.. _files.Where(file => !_read.Contains(file.Key)).Select(file => file.Value.Name)];

    /// <summary>Whether a local file is an archive, by its first bytes: no ONNX file begins so.</summary>
    public static bool IsArchive(string path)
    {
        var head = Head(path);
        return head.AsSpan().SequenceEqual("PK\x03\x04"u8) || head.AsSpan().SequenceEqual("PK\x05\x06"u8) || IsGzip(head);
    }

    /// <summary>Opens an archive and checks all its entries.</summary>
    /// <param name="path">A local file: a zip, or a tar in gzip.</param>
    /// <param name="limits">How much it may hold.</param>
    /// <param name="staging">Where a tar is unpacked.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">It is none, or has what no archive may have: a sentence why.</exception>
    public static async Task<ModelArchive> OpenAsync(string path, ArchiveLimits limits, StagingArea staging, CancellationToken cancellationToken)
    {
        if (!IsGzip(Head(path)))
            return Open(path, limits);
        var (files, source) = await TarFiles.OpenAsync(path, limits, staging, cancellationToken);
        return new ModelArchive(files, source, limits);
    }

    /// <summary>Opens a zip and checks all its entries.</summary>
    /// <inheritdoc cref="OpenAsync"/>
    public static ModelArchive Open(string path, ArchiveLimits limits)
    {
        var file = File.OpenRead(path);
        try
        {
            ArchiveDirectory.Check(file, limits);
            file.Position = 0;
            var rules = new ArchiveEntryRules(limits);
            var zip = new ZipArchive(file, ZipArchiveMode.Read);
            rules.Check(zip.Entries);
            var files = zip.Entries.Where(entry => !entry.FullName.EndsWith('/')).Select(entry => new ArchiveFile(entry.FullName, entry.Length, () => Open(entry, rules)));
            return new ModelArchive(files, zip, limits);
        }
        catch (InvalidDataException)
        {
            file.Dispose();
            throw new InvalidRequestException("The archive is damaged: its directory cannot be read.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens the model.</summary>
    /// <exception cref="InvalidRequestException">There is none at the archive's top.</exception>
    public Stream OpenModel()
    {
        if (TryOpen(Model) is { } model)
            return model;
        var elsewhere = Ignored.FirstOrDefault(name => name.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase));
        throw new InvalidRequestException(elsewhere is null
            ? $"The archive has no {Model}.{Advice()}"
            : $"The archive has no {Model} at its top, or in its only folder; it has {ArchiveEntryRules.Shown(elsewhere)}.");
    }

    /// <summary>Opens a file beside the model; null when there is none of that name.</summary>
    /// <exception cref="InvalidRequestException">It is damaged.</exception>
    public Stream? TryOpen(string name)
    {
        if (!_files.TryGetValue(name, out var file))
            return null;
        _read.Add(name);
        return file.Open();
    }

    /// <summary>Reads <c>larder.yaml</c>, or <c>larder.yml</c>; null when there is none.</summary>
    /// <exception cref="InvalidRequestException">There are both, or it is damaged.</exception>
    /// <exception cref="TooLargeException">It is longer than small files may be.</exception>
    public Task<BinaryData?> ReadManifestAsync(CancellationToken cancellationToken) =>
        _files.ContainsKey(Manifest) && _files.ContainsKey(ShortManifest)
            ? throw new InvalidRequestException($"The archive has {Manifest} and {ShortManifest}; one is enough.")
            : ReadAsync(_files.ContainsKey(Manifest) ? Manifest : ShortManifest, cancellationToken);

    /// <summary>Reads the model card, in whatever case its name is; null when there is none.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public Task<BinaryData?> ReadCardAsync(CancellationToken cancellationToken) =>
        ReadAsync(_files.Keys.FirstOrDefault(name => name.Equals(VersionFile.Card, StringComparison.OrdinalIgnoreCase)) ?? VersionFile.Card, cancellationToken);

    /// <summary>Reads one of the small files whole; null when there is none.</summary>
    /// <exception cref="InvalidRequestException">It is damaged.</exception>
    /// <exception cref="TooLargeException">It is longer than small files may be.</exception>
    public async Task<BinaryData?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        if (_files.TryGetValue(name, out var file) && file.Length > _limits.TextBytes)
            throw new TooLargeException($"{name} has {file.Length} bytes; {_limits.TextBytes} is the most.");
        await using var content = TryOpen(name);
        if (content is null)
            return null;
        using var buffer = new MemoryStream((int)file!.Length);
        await content.CopyToAsync(buffer, cancellationToken);
        return new BinaryData(buffer.ToArray());
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    // Models of other frameworks are archives, too: a zip with data.pkl in it is PyTorch's.
    private string Advice()
    {
        var kind = Ignored.Any(name => name.EndsWith("data.pkl", StringComparison.Ordinal)) ? FileKind.OfName(".pt") : Ignored.Select(FileKind.OfName).FirstOrDefault(kind => kind is not null);
        return kind is null ? "" : $" It seems to be, or to have, {kind.Name}.{kind.Advice}";
    }

    private static bool IsGzip(ReadOnlySpan<byte> head) => head is [0x1F, 0x8B, ..];

    private static byte[] Head(string path)
    {
        using var file = File.OpenRead(path);
        var head = new byte[4];
        return head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
    }

    // What desktops add of their own: __MACOSX, .DS_Store, ._model.onnx.
    private static bool IsHidden(string name) => name.Split('/').Any(part => part[0] == '.' || part == "__MACOSX");

    private static string OnlyFolder(List<ArchiveFile> files)
    {
        if (files is not [{ Name: var first }, ..] || first.IndexOf('/') is not (>= 0 and var end))
            return "";
        var folder = first[..(end + 1)];
        return files.TrueForAll(file => file.Name.StartsWith(folder, StringComparison.Ordinal)) ? folder : "";
    }

    private static ArchiveEntryStream Open(ZipArchiveEntry entry, ArchiveEntryRules rules)
    {
        try
        {
            return new ArchiveEntryStream(entry, entry.Open(), rules);
        }
        catch (InvalidDataException)
        {
            throw new InvalidRequestException($"The archive's file {entry.FullName} cannot be read: it is damaged, or packed in a way that is not known here.");
        }
    }
}

/// <summary>A file in an archive.</summary>
/// <param name="Name">Its whole name.</param>
/// <param name="Length">Its bytes, unpacked.</param>
/// <param name="Open">Opens it, to read once.</param>
internal sealed record ArchiveFile(string Name, long Length, Func<Stream> Open);

/// <summary>The body of a prediction, kept as it is.</summary>
/// <param name="Body">A JSON object.</param>
[JsonConverter(typeof(Converter))]
[OptionSchema("""{"type": "object", "additionalProperties": {"type": ["array", "string", "number", "boolean"]}}""")]
public sealed record SampleInputs(JsonElement Body)
{
    private sealed class Converter : JsonConverter<SampleInputs>
    {
        public override SampleInputs Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(JsonElement.ParseValue(ref reader));

        public override void Write(Utf8JsonWriter writer, SampleInputs value, JsonSerializerOptions options) => value.Body.WriteTo(writer);
    }
}

/// <summary>How much an archive may hold (settings <c>Limits:Archive:*</c>).</summary>
public sealed record ArchiveLimits
{
    /// <summary>The largest archive, in bytes.</summary>
    [AtLeast(1)]
    public long PackedBytes { get; init; } = 2L << 30;

    /// <summary>Bytes of all files in it together, unpacked; those that are not read count too.</summary>
    [AtLeast(1)]
    public long ExpandedBytes { get; init; } = 4L << 30;

    /// <summary>The most entries, folders included. A zip cannot say more without ZIP64; a model's archive has a handful.</summary>
    [Between(1, 65_534)]
    public int Entries { get; init; } = 1000;

    /// <summary>The most unpacked bytes for a packed one, of any file that has more than a mebibyte.</summary>
    [AtLeast(1)]
    public int Ratio { get; init; } = 200;

    /// <summary>Bytes of <c>larder.yaml</c>, <c>metrics.json</c> and <c>README.md</c>, each.</summary>
    [AtLeast(1)]
    public int TextBytes { get; init; } = 1 << 20;
}
