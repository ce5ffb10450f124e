using System.Diagnostics;

namespace Larder.Testing;

/// <summary>Runs <c>dotnet msbuild</c>.</summary>
public static class MSBuild
{
    /// <summary>Runs it to its end. One runs at a time, whichever test process asks: what is published is built in one folder.</summary>
    /// <param name="project">The whole path of the project file.</param>
    /// <param name="arguments">What is asked of it.</param>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(string project, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", project, "-nodeReuse:false", "-nologo", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The SDK that runs the tests sets some, which are not another build's.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);

        await using var turn = await TurnAsync();
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"dotnet msbuild {project} {string.Join(' ', arguments)} failed:\n{output}{await errors}");
    }

    // The operating system frees the file when its process ends, however it ends.
    private static async Task<FileStream> TurnAsync()
    {
        // From the folder of a test project's output to the one in which Published.targets builds.
        var file = Path.Combine(Directory.CreateDirectory(Path.GetFullPath("../../../../obj", AppContext.BaseDirectory)).FullName, "published.lock");
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(500);
            }
        }
    }
}
