namespace Larder.Host.Emulator;

/// <summary>Azurite as npm installed it.</summary>
/// <param name="Script">What Node.js runs.</param>
/// <param name="DefaultLocation">Where its data goes unless a setting says otherwise.</param>
internal sealed record AzuriteInstallation(string Script, string DefaultLocation)
{
    private const string Package = "azurite/dist/src/azurite.js";

    /// <summary>
    /// The nearest one: in a node_modules folder, from the application's folder upwards, with data beside it; else the one that the command
    /// <c>azurite</c> starts, with data in the user's data folder; null when there is none.
    /// </summary>
    /// <param name="from">The application's folder.</param>
    /// <param name="path">Folders of commands: the environment's PATH.</param>
    /// <param name="userData">The user's data folder.</param>
    public static AzuriteInstallation? Find(string from, string path, string userData)
    {
        for (var directory = new DirectoryInfo(from); directory is not null; directory = directory.Parent)
            if (Path.Combine(directory.FullName, "node_modules", Package) is var script && File.Exists(script))
                return new(script, Path.Combine(directory.FullName, ".data", "azurite"));

        return path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(ScriptBehind).FirstOrDefault(script => script is not null) is { } global
            ? new(global, Path.Combine(userData, "larder", "azurite"))
            : null;
    }

    /// <summary>The nearest one to this application.</summary>
    public static AzuriteInstallation? Find() => Find(
        AppContext.BaseDirectory,
        Environment.GetEnvironmentVariable("PATH") ?? "",
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify));

    // npm puts a link to the script among the commands; on Windows a command file, with the packages in a folder beside it.
    private static string? ScriptBehind(string folder)
    {
        var beside = Path.Combine(folder, "node_modules", Package);
        if (OperatingSystem.IsWindows())
            return File.Exists(beside) ? beside : null;
        var command = new FileInfo(Path.Combine(folder, "azurite"));
        return command.Exists && command.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true } script && script.Extension == ".js" ? script.FullName : null;
    }
}
