using System.Diagnostics;

namespace Larder.Client.Tests.Support;

/// <summary>A user's environment: a folder, a config file and variables.</summary>
internal sealed class CommandEnvironment : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-cli-tests-");
    private readonly Dictionary<string, string?> _variables = new() { ["NO_COLOR"] = null, ["LARDER_HOST"] = null };

    /// <summary>A user who has set the server's address and the token as variables; null for neither.</summary>
    public CommandEnvironment(LarderServer? server = null)
    {
        _variables["LARDER_URL"] = server?.Address.ToString();
        _variables["LARDER_TOKEN"] = server is null ? null : LarderServer.Token;
        _variables["LARDER_CONFIG"] = ConfigFile;
    }

    /// <summary>The working folder.</summary>
    public string Folder => _folder.FullName;

    /// <summary>The config file, which does not exist yet.</summary>
    public string ConfigFile => Path.Combine(Folder, "settings", "config.json");

    /// <summary>Sets a variable.</summary>
    public CommandEnvironment With(string name, string? value)
    {
        _variables[name] = value;
        return this;
    }

    /// <summary>Writes a file to the folder.</summary>
    public string Write(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Gives the variables to a process.</summary>
    public void ApplyTo(ProcessStartInfo start)
    {
        foreach (var (name, value) in _variables)
        {
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _folder.Delete(recursive: true);
}
