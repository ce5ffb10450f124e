using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Inference.Limits;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Options;
using Larder.Registry.Errors;
using Larder.Registry.Models;

namespace Larder.Orchestrations.Ingestion.Archives;

/// <summary>
/// A zip with a model: <c>model.onnx</c>, perhaps <c>larder.yaml</c>, <c>metrics.json</c>, <c>README.md</c>, <c>sample_inputs.json</c> and <c>sample_outputs.json</c>. Whatever it claims or holds, it takes little
/// memory and writes nothing: its files are read as streams, each up to a limit, and its names are only compared.
/// </summary>
internal sealed class ModelArchive : IDisposable
{
    public const string Model = "model.onnx";
    public const string Manifest = "larder.yaml";

    private static readonly string[] Known = [Model, Manifest, MetricsFile.Name, VersionFile.Card, VersionFile.SampleInputs, VersionFile.SampleOutputs];

    private readonly ArchiveLimits _limits;
    private readonly ArchiveEntryRules _rules;
    private readonly FileStream _file;
    private readonly ZipArchive _zip;

    private ModelArchive(FileStream file, ArchiveLimits limits)
    {
        (_file, _limits, _rules) = (file, limits, new ArchiveEntryRules(limits));
        ArchiveDirectory.Check(file, limits);
        file.Position = 0;
        _zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
        _rules.Check(_zip.Entries);
        Ignored = [.. _zip.Entries.Where(entry => !entry.FullName.EndsWith('/') && !Known.Contains(entry.FullName)).Select(entry => entry.FullName)];
    }

    /// <summary>Files that are ignored.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <summary>Opens an archive and checks all its entries.</summary>
    /// <param name="path">A local file.</param>
    /// <param name="limits">How much it may hold.</param>
    /// <exception cref="InvalidRequestException">It is none, or has what no archive may have: a sentence why.</exception>
    public static ModelArchive Open(string path, ArchiveLimits limits)
    {
        var file = File.OpenRead(path);
        try
        {
            return new ModelArchive(file, limits);
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
        if (_zip.GetEntry(Model) is { } entry)
            return Open(entry);
        var elsewhere = Ignored.FirstOrDefault(name => name.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase));
        throw new InvalidRequestException(elsewhere is null
            ? $"The archive has no {Model}."
            : $"The archive has no {Model} at its top; it has {ArchiveEntryRules.Shown(elsewhere)}.");
    }

    /// <summary>Reads one of the small files whole; null when there is none.</summary>
    /// <exception cref="InvalidRequestException">It is damaged.</exception>
    /// <exception cref="TooLargeException">It is longer than small files may be.</exception>
    public async Task<BinaryData?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        if (_zip.GetEntry(name) is not { } entry)
            return null;
        if (entry.Length > _limits.TextBytes)
            throw new TooLargeException($"{name} has {entry.Length} bytes; {_limits.TextBytes} is the most.");
        await using var content = Open(entry);
        using var buffer = new MemoryStream((int)entry.Length);
        await content.CopyToAsync(buffer, cancellationToken);
        return new BinaryData(buffer.ToArray());
    }

    public void Dispose()
    {
        _zip.Dispose();
        _file.Dispose();
    }

    private ArchiveEntryStream Open(ZipArchiveEntry entry)
    {
        try
        {
            return new ArchiveEntryStream(entry, entry.Open(), _rules);
        }
        catch (InvalidDataException)
        {
            throw new InvalidRequestException($"The archive's file {entry.FullName} cannot be read: it is damaged, or packed in a way that is not known here.");
        }
    }
}

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
