using System.Runtime.CompilerServices;

namespace Larder.Orchestrations.Tests.Replay;

/// <summary>The committed histories: a folder for each orchestrator, a file for each scenario of the tests.</summary>
internal static class Histories
{
    /// <summary>The environment variable that has tests write the histories that are not there yet, when it is 1.</summary>
    public const string Switch = "LARDER_RECORD_HISTORIES";

    private static string Folder { get; } = Path.Combine(SourceFolder(), "Histories");

    /// <summary>The paths of all of them, relative to their folder.</summary>
    public static IEnumerable<string> Paths =>
        Directory.EnumerateFiles(Folder, "*.json", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Folder, path)).Order(StringComparer.Ordinal);

    public static History Read(string path) => History.Read(Path.Combine(Folder, path));

    /// <summary>Sees to it that a scenario's history is among them. One that is there stays as it was recorded, whatever the code does by now.</summary>
    public static void Keep(History history, string scenario)
    {
        var path = Path.Combine(Folder, history.Orchestrator, $"{scenario}.json");
        if (File.Exists(path))
            return;
        Assert.True(
            Environment.GetEnvironmentVariable(Switch) == "1",
            $"{history.Orchestrator}/{scenario}.json is not among the committed histories: run the test with {Switch}=1, and commit the file.");
        history.Write(path);
    }

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
