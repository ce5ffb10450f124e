using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Cli.Running;

namespace Larder.Cli.Configuration;

/// <summary>The user's config file, which only the user can read: it may hold a token.</summary>
internal sealed class ConfigFile
{
    public const string Variable = "LARDER_CONFIG";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    private ConfigFile(string path) => FullPath = Path.GetFullPath(path);

    /// <summary>Where it is, or would be.</summary>
    public string FullPath { get; }

    /// <summary>The folder that has it and the state of uploads.</summary>
    public string Folder => Path.GetDirectoryName(FullPath)!;

    /// <summary>The file that <c>LARDER_CONFIG</c> names, else <c>larder/config.json</c> in the user's folder of settings (<c>XDG_CONFIG_HOME</c>, <c>~/.config</c>, <c>%APPDATA%</c>).</summary>
    public static ConfigFile Find(Func<string, string?> environment) => environment(Variable) is { Length: > 0 } path
        ? new ConfigFile(path)
        : new ConfigFile(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "larder", "config.json"));

    /// <summary>What it says; nothing when it is missing.</summary>
    /// <exception cref="UsageException">It is not such a file.</exception>
    public Values Read()
    {
        try
        {
            using var stream = File.OpenRead(FullPath);
            return JsonSerializer.Deserialize<Values>(stream, Json) ?? new Values();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Values();
        }
        catch (JsonException e)
        {
            throw new UsageException($"{FullPath} is not a config file of larder ({e.Message.Split(" Path:")[0]}): mend it, or delete it and run 'larder login'.");
        }
    }

    /// <summary>Replaces it.</summary>
    public void Write(Values values) => PrivateFile.Write(FullPath, JsonSerializer.SerializeToUtf8Bytes(values, Json));

    /// <summary>Whether other users can read it.</summary>
    public bool IsOpenToOthers => !OperatingSystem.IsWindows() && File.Exists(FullPath)
        && (File.GetUnixFileMode(FullPath) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0;

    /// <summary>What the file says.</summary>
    public sealed record Values
    {
        /// <summary>The server's address.</summary>
        [JsonPropertyName("url")]
        public string? Url { get; init; }

        /// <summary>The token, for that server only.</summary>
        [JsonPropertyName("token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Token { get; init; }

        /// <summary>Where the self-host is installed: its folder, its program or its Larder.Host.dll.</summary>
        [JsonPropertyName("host"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Host { get; init; }
    }
}
