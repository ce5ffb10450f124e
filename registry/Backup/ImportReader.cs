using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Larder.Registry;

/// <summary>Reads what an archive has, believing nothing: every file is known by name, hashes to what the archive says, and is what the API would have taken.</summary>
internal sealed class ImportReader
{
    // A hash, two spaces, a line feed, and the longest name.
    private const int LongestSum = 67 + 300;

    private readonly IImportArchive archive;
    private readonly ImportLimits limits;
    private readonly ImportedModelRules rules;
    private readonly Dictionary<string, string> sums = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, List<int>> models = new(StringComparer.Ordinal);
    private readonly SortedSet<string> schedules = new(StringComparer.Ordinal);

    private ImportReader(IImportArchive archive, ImportLimits limits, PublishingOptions publishing) =>
        (this.archive, this.limits, rules) = (archive, limits, new ImportedModelRules(limits, publishing));

    /// <summary>Names of the models.</summary>
    public IReadOnlyCollection<string> Models => models.Keys;

    /// <summary>Ids of the schedules.</summary>
    public IReadOnlyCollection<string> Schedules => schedules;

    /// <summary>Opens an archive, and looks at the names and hashes of all its files.</summary>
    /// <exception cref="InvalidRequestException">It is no export, or not one that can be read here.</exception>
    public static async Task<ImportReader> OpenAsync(IImportArchive archive, ImportLimits limits, PublishingOptions publishing, CancellationToken cancellation)
    {
        var reader = new ImportReader(archive, limits, publishing);
        var manifest = await reader.ReadManifestAsync(cancellation);
        await reader.ReadSumsAsync(manifest.Sha256sums, cancellation);
        foreach (var file in reader.sums.Keys)
            reader.Sort(file);
        return reader;
    }

    /// <summary>Bytes of an artifact; null when the archive does not have it.</summary>
    public long? SizeOf(string sha256) => archive.Files.TryGetValue(TransferFormat.ArtifactOf(sha256), out var size) ? size : null;

    /// <summary>Opens an artifact that is there.</summary>
    public Task<Stream> OpenArtifactAsync(string sha256, CancellationToken cancellation) => archive.OpenAsync(TransferFormat.ArtifactOf(sha256), cancellation);

    /// <summary>Reads a model with all its versions.</summary>
    /// <exception cref="InvalidRequestException">Something in it cannot be used.</exception>
    public async Task<ModelSnapshot> ReadModelAsync(string name, CancellationToken cancellation)
    {
        var file = TransferFormat.ModelOf(name);
        var model = await ReadAsync<ModelDocument>(file, cancellation);
        rules.Check(file, name, model, models[name].Count(number => number > 0));
        var versions = new List<KeyValuePair<int, VersionDocument>>();
        foreach (var number in models[name].Where(number => number > 0).Order())
        {
            var versionFile = TransferFormat.VersionOf(name, number);
            var version = await ReadAsync<VersionDocument>(versionFile, cancellation);
            rules.Check(versionFile, model, number, version);
            versions.Add(KeyValuePair.Create(number, version with { Revives = null }));
        }

        var snapshot = new ModelSnapshot(model, versions);
        ImportedModelRules.CheckReferences(file, snapshot);
        return snapshot;
    }

    /// <summary>Reads a schedule. Whether it can be run is for others to say.</summary>
    /// <exception cref="InvalidRequestException">Something in it cannot be used.</exception>
    public async Task<ExportedSchedule> ReadScheduleAsync(string id, CancellationToken cancellation)
    {
        var file = TransferFormat.ScheduleOf(id);
        var schedule = await ReadAsync<ExportedSchedule>(file, cancellation);
        if (schedule.Id != id)
            throw TransferJson.Unusable(file, "it is another schedule than its name says");
        if (schedule.Revision < 1 || !Enum.IsDefined(schedule.Overlap) || !Enum.IsDefined(schedule.Missed))
            throw TransferJson.Unusable(file, "its revision or its policies are none");
        ImportedModelRules.Explained(file, () => ScheduleStore.Validate(schedule.Schedule));
        return schedule;
    }

    private async Task<TransferManifest> ReadManifestAsync(CancellationToken cancellation)
    {
        if (!archive.Files.ContainsKey(TransferFormat.Manifest))
            throw new InvalidRequestException($"The archive has no {TransferFormat.Manifest}: it is no export of a registry.");
        var content = await ReadAsync(TransferFormat.Manifest, limits.DocumentBytes, cancellation);

        // The version before the rest: another one has other members.
        var head = TransferJson.Read<Dictionary<string, JsonElement>>(TransferFormat.Manifest, content);
        if (!head.TryGetValue("format", out var format) || format.ValueKind != JsonValueKind.String || format.GetString() != TransferFormat.Name)
            throw TransferJson.Unusable(TransferFormat.Manifest, $"its format is not {TransferFormat.Name}");
        if (!head.TryGetValue("format_version", out var version) || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out var number))
            throw TransferJson.Unusable(TransferFormat.Manifest, "it has no format_version");
        if (number != TransferFormat.Version)
            throw new InvalidRequestException($"The archive has the format version {number}; this server reads version {TransferFormat.Version}.");
        return TransferJson.Read<TransferManifest>(TransferFormat.Manifest, content);
    }

    private async Task ReadSumsAsync(string expected, CancellationToken cancellation)
    {
        if (!archive.Files.ContainsKey(TransferFormat.Sums))
            throw new InvalidRequestException($"The archive has no {TransferFormat.Sums}.");
        var content = await ReadAsync(TransferFormat.Sums, (long)archive.Files.Count * LongestSum, cancellation);
        if (Convert.ToHexStringLower(SHA256.HashData(content)) != expected)
            throw new InvalidRequestException($"The archive's file {TransferFormat.Sums} has another SHA-256 than {TransferFormat.Manifest} says.");
        using var lines = new StringReader(Encoding.UTF8.GetString(content));
        while (lines.ReadLine() is { } line)
        {
            if (line.Length < 67 || line[64..66] != "  " || !TransferFormat.IsSha256(line[..64]) || !sums.TryAdd(line[66..], line[..64]))
                throw new InvalidRequestException($"The archive's file {TransferFormat.Sums} has a line that is no hash with a name, or a name twice: {ModelName.Shown(line)}.");
        }

        if (sums.Keys.FirstOrDefault(file => !archive.Files.ContainsKey(file)) is { } missing)
            throw new InvalidRequestException($"The archive's file {ModelName.Shown(missing)} is missing.");
        if (archive.Files.Keys.FirstOrDefault(file => file is not (TransferFormat.Manifest or TransferFormat.Sums) && !sums.ContainsKey(file)) is { } unknown)
            throw new InvalidRequestException($"The archive's file {ModelName.Shown(unknown)} is not in {TransferFormat.Sums}.");
    }

    private void Sort(string file)
    {
        switch (TransferFormat.Parse(file))
        {
            case (TransferFormat.Models, var name, var number):
                ModelName.Validate(name);
                if (!models.TryGetValue(name, out var numbers))
                    models.Add(name, numbers = []);
                // 0 for the model itself.
                numbers.Add(number ?? 0);
                break;
            case (TransferFormat.Schedules, var id, _):
                schedules.Add(id);
                break;
            case (TransferFormat.Artifacts, var sha256, _) when sums[file] == sha256:
                break;
            case (TransferFormat.Artifacts, _, _):
                throw new InvalidRequestException($"The archive says that {ModelName.Shown(file)} has another SHA-256 than its name.");
            default:
                throw new InvalidRequestException($"The archive has a file {ModelName.Shown(file)}, which no export has.");
        }
    }

    private async Task<T> ReadAsync<T>(string file, CancellationToken cancellation)
    {
        if (!sums.TryGetValue(file, out var expected))
            throw new InvalidRequestException($"The archive's file {ModelName.Shown(file)} is missing.");
        var content = await ReadAsync(file, limits.DocumentBytes, cancellation);
        if (Convert.ToHexStringLower(SHA256.HashData(content)) != expected)
            throw TransferJson.Unusable(file, $"it has another SHA-256 than {TransferFormat.Sums} says");
        return TransferJson.Read<T>(file, content);
    }

    private async Task<byte[]> ReadAsync(string file, long limit, CancellationToken cancellation)
    {
        if (archive.Files[file] > limit)
            throw new TooLargeException($"The archive's file {ModelName.Shown(file)} has {archive.Files[file]} bytes; {limit} is the most.");
        await using var content = await archive.OpenAsync(file, cancellation);
        var buffer = new byte[archive.Files[file]];
        await content.ReadExactlyAsync(buffer, cancellation);
        // Its end is where it is found to be damaged.
        return await content.ReadAsync(new byte[1], cancellation) == 0 ? buffer : throw TransferJson.Unusable(file, "it is longer than the archive says");
    }
}
