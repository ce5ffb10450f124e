using System.Globalization;
using Larder.Registry.Jobs;

namespace Larder.Registry.Backup;

/// <summary>What an archive of a registry is called, and the files in it.</summary>
public static class BackupFormat
{
    /// <summary>What <see cref="Manifest"/> says that the archive is.</summary>
    public const string Name = "larder-export";

    /// <summary>The format that this code writes, and the only one that it reads.</summary>
    public const int Version = 1;

    /// <summary>What an archive is and has: the last file, since it counts the others.</summary>
    public const string Manifest = "larder-export.json";

    /// <summary>The SHA-256 of every other file, as <c>sha256sum</c> writes and checks it; that of itself is in <see cref="Manifest"/>.</summary>
    public const string Sums = "SHA256SUMS";

    internal const string Models = "models/";
    internal const string Schedules = "schedules/";
    internal const string Artifacts = "artifacts/sha256/";
    private const string Json = ".json";
    private const string ModelFile = "/model.json";
    private const string Versions = "/versions/";

    internal static string ModelOf(string name) => $"{Models}{name}{ModelFile}";

    internal static string VersionOf(string name, int number) => string.Create(CultureInfo.InvariantCulture, $"{Models}{name}{Versions}{number}{Json}");

    internal static string ScheduleOf(string id) => $"{Schedules}{id}{Json}";

    internal static string ArtifactOf(string sha256) => $"{Artifacts}{sha256}";

    internal static bool IsSha256(string? text) => text is { Length: 64 } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>What a file of an archive is about: a model (with the number of a version), a schedule or an artifact; null when it is none of them.</summary>
    internal static (string Folder, string Key, int? Number)? Parse(string file)
    {
        if (file.StartsWith(Artifacts, StringComparison.Ordinal))
            return IsSha256(file[Artifacts.Length..]) ? (Artifacts, file[Artifacts.Length..], null) : null;
        if (!file.EndsWith(Json, StringComparison.Ordinal))
            return null;
        if (file.StartsWith(Schedules, StringComparison.Ordinal))
            return file[Schedules.Length..^Json.Length] is var id && JobId.IsValid(id) ? (Schedules, id, null) : null;
        if (!file.StartsWith(Models, StringComparison.Ordinal))
            return null;
        var parts = file[Models.Length..].Split('/');
        return parts switch
        {
            [var name, "model.json"] => (Models, name, null),
            [var name, "versions", var version] when int.TryParse(version[..^Json.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && VersionOf(name, number) == file => (Models, name, number),
            _ => null,
        };
    }
}
