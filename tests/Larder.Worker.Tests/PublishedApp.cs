using System.Diagnostics;

namespace Larder.Worker.Tests;

/// <summary>The app as <c>dotnet publish functions -c Release</c> leaves it. Published again only if something that it is made of has changed.</summary>
internal static class PublishedApp
{
    private static readonly Lazy<Task<string>> Publishing = new(PublishAsync);

    /// <summary>Its folder.</summary>
    public static Task<string> FolderAsync() => Publishing.Value;

    private static async Task<string> PublishAsync()
    {
        await MSBuild.RunAsync("tests/Larder.Worker.Tests/Larder.Worker.Tests.csproj", "-t:PublishApp", "-v:quiet");
        return Repository.Metadata("PublishedApp");
    }
}

/// <summary>Runs <c>dotnet msbuild</c>.</summary>
internal static class MSBuild
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="project">The project file, from the repository's root.</param>
    /// <param name="arguments">What is asked of it.</param>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(string project, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", Repository.Path(project), "-nodeReuse:false", "-nologo", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The SDK that runs the tests sets some, which are not another build's.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);

        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"dotnet msbuild {project} {string.Join(' ', arguments)} failed:\n{output}{await errors}");
    }
}
