using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Larder.Infrastructure.Tests.Compiling;

/// <summary>What a run of the compiler ended with.</summary>
internal sealed record BicepRun(int ExitCode, string Output, string Errors);

/// <summary>Microsoft's Bicep compiler, from the package that the project file names.</summary>
internal static class BicepCompiler
{
    /// <summary>Why there is no compiler; null where there is one.</summary>
    public static string? Missing { get; } = Program() is null
        ? $"No package of the Bicep compiler is published for {RuntimeInformation.RuntimeIdentifier}."
        : null;

    /// <summary>Runs the compiler.</summary>
    /// <param name="folder">Where it runs.</param>
    /// <param name="arguments">A command and what belongs to it.</param>
    public static async Task<BicepRun> RunAsync(string folder, params string[] arguments)
    {
        var program = Program() ?? throw new InvalidOperationException(Missing);
        // NuGet gives the owner of its cache the right to run what is in it; a cache that was copied may lack it.
        if (!OperatingSystem.IsWindows() && !File.GetUnixFileMode(program).HasFlag(UnixFileMode.UserExecute))
            File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute);

        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // main.bicepparam reads these: what a developer has set for a deployment must not decide a test.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("LARDER_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        // It lives for seconds: profiling itself for later costs more than it gains.
        start.Environment["DOTNET_TieredPGO"] = "0";

        using var process = Process.Start(start)!;
        var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new(process.ExitCode, texts[0], texts[1]);
    }

    private static string? Program() =>
        typeof(BicepCompiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().SingleOrDefault(data => data.Key == "BicepPackage")?.Value is { } package
            ? Path.Combine(package, OperatingSystem.IsWindows() ? "bicep.exe" : "bicep")
            : null;
}
