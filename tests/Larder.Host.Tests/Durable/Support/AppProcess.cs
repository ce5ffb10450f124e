using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Larder.Host.Tests.Durable.Support;

/// <summary>The application Larder.Host.App in a process of its own.</summary>
internal sealed class AppProcess : IAsyncDisposable
{
    private const int SigStop = 19;
    private const int SigCont = 18;

    private readonly Process process;
    private readonly List<string> lines = [];
    private readonly List<(string Part, TaskCompletionSource Said)> waiting = [];
    private readonly Task output;

    private AppProcess(Process process)
    {
        this.process = process;
        output = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public int Id => process.Id;

    private string Output
    {
        get
        {
            lock (lines)
                return string.Join('\n', lines);
        }
    }

    /// <summary>Starts it, and waits until its host has started.</summary>
    public static async Task<AppProcess> StartAsync(string connectionString, string hubName)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { AppPath(), "--port", "0" })
            start.ArgumentList.Add(argument);
        start.Environment["AzureWebJobsStorage"] = connectionString;
        start.Environment["AzureFunctionsJobHost__extensions__durableTask__hubName"] = hubName;
        start.Environment["Logging__LogLevel__Function"] = "Error";
        var app = new AppProcess(Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start."));
        await app.SaidAsync("Host started: ");
        return app;
    }

    /// <summary>Waits until it has printed a line with this in it.</summary>
    public async Task SaidAsync(string part)
    {
        var said = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (lines)
        {
            if (lines.Exists(line => line.Contains(part, StringComparison.Ordinal)))
                return;
            waiting.Add((part, said));
        }

        if (await Task.WhenAny(said.Task, output) == output && !said.Task.IsCompleted)
            throw new InvalidOperationException($"The application ended before it said '{part}': {Output}");
    }

    /// <summary>Holds it where it is, as a debugger or a laptop's lid would (SIGSTOP).</summary>
    public void Pause() => Signal(SigStop);

    /// <summary>Lets it go on (SIGCONT).</summary>
    public void Continue() => Signal(SigCont);

    /// <summary>Ends it at once, as a power cut would (SIGKILL).</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        await output;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await KillAsync();
        process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (lines)
            {
                lines.Add(line);
                foreach (var (_, said) in waiting.Where(wait => line.Contains(wait.Part, StringComparison.Ordinal)))
                    said.TrySetResult();
            }
        }
    }

    private void Signal(int signal)
    {
        if (kill(process.Id, signal) != 0)
            throw new InvalidOperationException($"Signal {signal} did not reach the application.");
    }

    // Beside this project's own output: bin/CONFIGURATION/FRAMEWORK.
    private static string AppPath()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var tests = own.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(tests, "Larder.Host.App", "bin", own.Parent.Name, own.Name, "Larder.Host.App.dll");
    }

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
}
