using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Schedules;
using Larder.Registry.Text;

namespace Larder.Registry.Backup;

/// <summary>Reads what an archive has, believing nothing: every file is known by name, hashes to what the archive says, and is what the API would have taken.</summary>
internal sealed class ImportReader
{
    // A hash, two spaces, a line feed, and the longest name.
    private const int LongestSum = 67 + 300;

    private readonly IImportArchive _archive;
    private readonly ImportLimits _limits;
    private readonly ImportedModelRules _rules;
    private readonly Dictionary<string, string> _sums = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, List<int>> _models = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _schedules = new(StringComparer.Ordinal);

    private ImportReader(IImportArchive archive, ImportLimits limits, PublishingOptions publishing) =>
        (_archive, _limits, _rules) = (archive, limits, new ImportedModelRules(limits, publishing));

    /// <summary>Names of the models.</summary>
    public IReadOnlyCollection<string> Models => _models.Keys;

    /// <summary>Ids of the schedules.</summary>
    public IReadOnlyCollection<string> Schedules => _schedules;

    /// <summary>Opens an archive, and looks at the names and hashes of all its files.</summary>
    /// <exception cref="InvalidRequestException">It is no export, or not one that can be read here.</exception>
    public static async Task<ImportReader> OpenAsync(IImportArchive archive, ImportLimits limits, PublishingOptions publishing, CancellationToken cancellationToken)
    {
        var reader = new ImportReader(archive, limits, publishing);
        var manifest = await reader.ReadManifestAsync(cancellationToken);
        await reader.ReadSumsAsync(manifest.Sha256sums, cancellationToken);
        foreach (var file in reader._sums.Keys)
            reader.Sort(file);
        return reader;
    }

    /// <summary>Bytes of an artifact; null when the archive does not have it.</summary>
    public long? SizeOf(string sha256) => _archive.Files.TryGetValue(BackupFormat.ArtifactOf(sha256), out var size) ? size : null;

    /// <summary>Opens an artifact that is there.</summary>
    public Task<Stream> OpenArtifactAsync(string sha256, CancellationToken cancellationToken) => _archive.OpenAsync(BackupFormat.ArtifactOf(sha256), cancellationToken);

    /// <summary>Reads a model with all its versions.</summary>
    /// <exception cref="InvalidRequestException">Something in it cannot be used.</exception>
    public async Task<ModelSnapshot> ReadModelAsync(string name, CancellationToken cancellationToken)
    {
        var file = BackupFormat.ModelOf(name);
        var model = await ReadAsync<ModelDocument>(file, cancellationToken);
        ImportedModelRules.Check(file, name, model, _models[name].Count(number => number > 0));
        var versions = new List<KeyValuePair<int, VersionDocument>>();
        foreach (var number in _models[name].Where(number => number > 0).Order())
        {
            var versionFile = BackupFormat.VersionOf(name, number);
            var version = await ReadAsync<VersionDocument>(versionFile, cancellationToken);
            _rules.Check(versionFile, model, number, version);
            versions.Add(KeyValuePair.Create(number, version));
        }

        var snapshot = new ModelSnapshot(model, versions);
        ImportedModelRules.CheckReferences(file, snapshot);
        return snapshot;
    }

    /// <summary>Reads a schedule. Whether it can be run is for others to say.</summary>
    /// <exception cref="InvalidRequestException">Something in it cannot be used.</exception>
    public async Task<ExportedSchedule> ReadScheduleAsync(string id, CancellationToken cancellationToken)
    {
        var file = BackupFormat.ScheduleOf(id);
        var schedule = await ReadAsync<ExportedSchedule>(file, cancellationToken);
        if (schedule.Id != id)
            throw BackupJson.Unusable(file, "it is another schedule than its name says");
        if (schedule.Revision < 1 || !Enum.IsDefined(schedule.Overlap) || !Enum.IsDefined(schedule.Missed))
            throw BackupJson.Unusable(file, "its revision or its policies are none");
        ImportedModelRules.Explained(file, () => ScheduleStore.Validate(schedule.Schedule));
        return schedule;
    }

    private async Task<BackupManifest> ReadManifestAsync(CancellationToken cancellationToken)
    {
        if (!_archive.Files.ContainsKey(BackupFormat.Manifest))
            throw new InvalidRequestException($"The archive has no {BackupFormat.Manifest}: it is no export of a registry.");
        var content = await ReadAsync(BackupFormat.Manifest, _limits.DocumentBytes, cancellationToken);

        // The version before the rest: another one has other members.
        var head = BackupJson.Read<Dictionary<string, JsonElement>>(BackupFormat.Manifest, content);
        if (!head.TryGetValue("format", out var format) || format.ValueKind != JsonValueKind.String || format.GetString() != BackupFormat.Name)
            throw BackupJson.Unusable(BackupFormat.Manifest, $"its format is not {BackupFormat.Name}");
        if (!head.TryGetValue("format_version", out var version) || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out var number))
            throw BackupJson.Unusable(BackupFormat.Manifest, "it has no format_version");
        if (number != BackupFormat.Version)
            throw new InvalidRequestException($"The archive has the format version {number}; this server reads version {BackupFormat.Version}.");
        return BackupJson.Read<BackupManifest>(BackupFormat.Manifest, content);
    }

    private async Task ReadSumsAsync(string expected, CancellationToken cancellationToken)
    {
        if (!_archive.Files.ContainsKey(BackupFormat.Sums))
            throw new InvalidRequestException($"The archive has no {BackupFormat.Sums}.");
        var content = await ReadAsync(BackupFormat.Sums, (long)_archive.Files.Count * LongestSum, cancellationToken);
        if (Convert.ToHexStringLower(SHA256.HashData(content)) != expected)
            throw new InvalidRequestException($"The archive's file {BackupFormat.Sums} has another SHA-256 than {BackupFormat.Manifest} says.");
        using var lines = new StringReader(Encoding.UTF8.GetString(content));
        while (lines.ReadLine() is { } line)
        {
            if (line.Length < 67 || line[64..66] != "  " || !BackupFormat.IsSha256(line[..64]) || !_sums.TryAdd(line[66..], line[..64]))
                throw new InvalidRequestException($"The archive's file {BackupFormat.Sums} has a line that is no hash with a name, or a name twice: {Quoted.Text(line)}.");
        }

        if (_sums.Keys.FirstOrDefault(file => !_archive.Files.ContainsKey(file)) is { } missing)
            throw new InvalidRequestException($"The archive's file {Quoted.Text(missing)} is missing.");
        if (_archive.Files.Keys.FirstOrDefault(file => file is not (BackupFormat.Manifest or BackupFormat.Sums) && !_sums.ContainsKey(file)) is { } unknown)
            throw new InvalidRequestException($"The archive's file {Quoted.Text(unknown)} is not in {BackupFormat.Sums}.");
    }

    private void Sort(string file)
    {
        switch (BackupFormat.Parse(file))
        {
            case (BackupFormat.Models, var name, var number):
                var model = ModelName.Parse(name);
                if (!_models.TryGetValue(model, out var numbers))
                    _models.Add(model, numbers = []);
                // 0 for the model itself.
                numbers.Add(number ?? 0);
                break;
            case (BackupFormat.Schedules, var id, _):
                _schedules.Add(id);
                break;
            case (BackupFormat.Artifacts, var sha256, _) when _sums[file] == sha256:
                break;
            case (BackupFormat.Artifacts, _, _):
                throw new InvalidRequestException($"The archive says that {Quoted.Text(file)} has another SHA-256 than its name.");
            default:
                throw new InvalidRequestException($"The archive has a file {Quoted.Text(file)}, which no export has.");
        }
    }

    private async Task<T> ReadAsync<T>(string file, CancellationToken cancellationToken)
    {
        if (!_sums.TryGetValue(file, out var expected))
            throw new InvalidRequestException($"The archive's file {Quoted.Text(file)} is missing.");
        var content = await ReadAsync(file, _limits.DocumentBytes, cancellationToken);
        if (Convert.ToHexStringLower(SHA256.HashData(content)) != expected)
            throw BackupJson.Unusable(file, $"it has another SHA-256 than {BackupFormat.Sums} says");
        return BackupJson.Read<T>(file, content);
    }

    private async Task<byte[]> ReadAsync(string file, long limit, CancellationToken cancellationToken)
    {
        if (_archive.Files[file] > limit)
            throw new TooLargeException($"The archive's file {Quoted.Text(file)} has {_archive.Files[file]} bytes; {limit} is the most.");
        await using var content = await _archive.OpenAsync(file, cancellationToken);
        var buffer = new byte[_archive.Files[file]];
        await content.ReadExactlyAsync(buffer, cancellationToken);
        // Its end is where it is found to be damaged.
        return await content.ReadAsync(new byte[1], cancellationToken) == 0 ? buffer : throw BackupJson.Unusable(file, "it is longer than the archive says");
    }
}
