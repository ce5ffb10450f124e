using System.Diagnostics;
using Larder.Worker.Tests.Host;

namespace Larder.Worker.Tests;

/// <summary>A .NET application in a process of its own.</summary>
internal sealed class AppProcess : IAsyncDisposable
{
    private readonly Process _process;

    private AppProcess(Process process) => (_process, Ended) = (process, process.WaitForExitAsync());

    /// <summary>Completes when the process has ended.</summary>
    public Task Ended { get; }

    /// <summary>How it ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <param name="application">Its dll, in its folder.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="settings">Environment variables; a colon stands for two underscores.</param>
    /// <param name="log">Takes what it prints.</param>
    public static AppProcess Start(string application, IEnumerable<string> arguments, IEnumerable<(string Name, string Value)> settings, HostLog log)
    {
        var start = new ProcessStartInfo("dotnet", [application, .. arguments])
        {
            WorkingDirectory = Path.GetDirectoryName(application),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings)
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;

        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        process.OutputDataReceived += (_, line) => log.Add(line.Data);
        process.ErrorDataReceived += (_, line) => log.Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new AppProcess(process);
    }

    /// <summary>Ends it, if it has not ended by itself, and what it started.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await Ended;
        _process.Dispose();
    }
}
