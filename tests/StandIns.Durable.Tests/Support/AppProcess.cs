using System.Diagnostics;
using Larder.Testing;

namespace StandIns.Durable.Tests.Support;

/// <summary>The application StandIns.Durable.App in a process of its own.</summary>
internal sealed class AppProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly Task<string> output;

    private AppProcess(Process process, Task<string> output) => (this.process, this.output) = (process, output);

    public int Id => process.Id;

    /// <summary>Starts it, and waits until its host has started.</summary>
    public static async Task<AppProcess> StartAsync(Azurite azurite, string hubName)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { AppPath(), "--port", "0" })
            start.ArgumentList.Add(argument);
        start.Environment["AzureWebJobsStorage"] = azurite.ConnectionString;
        start.Environment["AzureFunctionsJobHost__extensions__durableTask__hubName"] = hubName;
        start.Environment["Logging__LogLevel__Function"] = "Error";
        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        var seen = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            seen.Add(line);
            if (line.StartsWith("Host started: ", StringComparison.Ordinal))
                return new AppProcess(process, process.StandardOutput.ReadToEndAsync());
        }

        throw new InvalidOperationException($"The application did not start: {string.Join('\n', seen)} {await errors}");
    }

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

    // Beside this project's own output: bin/CONFIGURATION/FRAMEWORK.
    private static string AppPath()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var tests = own.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(tests, "StandIns.Durable.App", "bin", own.Parent.Name, own.Name, "StandIns.Durable.App.dll");
    }
}
