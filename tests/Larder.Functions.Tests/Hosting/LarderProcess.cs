using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Larder.Functions.Tests.Hosting;

/// <summary>A real Larder in a process of its own, on a port that the operating system chose.</summary>
internal sealed class LarderProcess : IAsyncDisposable
{
    private const string Ready = "Host started: ";
    private const string GrpcReady = "  gRPC: ";

    private readonly Process _process;
    private readonly StringBuilder _log;

    private readonly DirectoryInfo _folder;

    private LarderProcess(Process process, StringBuilder log, Uri address, Uri? grpc, DirectoryInfo folder)
    {
        (_process, _log, _folder, GrpcAddress) = (process, log, folder, grpc);
        Client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
    }

    /// <summary>Talks to it.</summary>
    public HttpClient Client { get; }

    /// <summary>Where it listens for gRPC; null where it was not asked to.</summary>
    public Uri? GrpcAddress { get; }

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The process's id.</summary>
    public int Id => _process.Id;

    /// <summary>What it has printed so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>Starts it and waits for the line that says it is ready.</summary>
    /// <param name="storage">Storage connection string.</param>
    /// <param name="settings">Further settings, as environment variables.</param>
    public static Task<LarderProcess> StartAsync(string storage, params (string Name, string Value)[] settings) => StartAsync(storage, [], settings);

    /// <summary>Starts it with a port for gRPC, too.</summary>
    /// <param name="storage">Storage connection string.</param>
    /// <param name="settings">Further settings, as environment variables.</param>
    public static Task<LarderProcess> StartWithGrpcAsync(string storage, params (string Name, string Value)[] settings) => StartAsync(storage, [], ["--grpc-port", "0"], settings);

    /// <summary>Starts it under another program, which runs its arguments, and waits for the line that says it is ready.</summary>
    /// <param name="storage">Storage connection string.</param>
    /// <param name="prefix">The other program, and its own arguments.</param>
    /// <param name="settings">Further settings, as environment variables.</param>
    public static Task<LarderProcess> StartAsync(string storage, IReadOnlyList<string> prefix, params (string Name, string Value)[] settings) => StartAsync(storage, prefix, [], settings);

    private static async Task<LarderProcess> StartAsync(string storage, IReadOnlyList<string> prefix, IReadOnlyList<string> arguments, (string Name, string Value)[] settings)
    {
        string[] command = [.. prefix, "dotnet", Path.Combine(AppContext.BaseDirectory, "Larder.Host.dll")];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("--port");
        start.ArgumentList.Add("0");
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["AzureWebJobsStorage"] = storage;
        // As on storage that is no emulator: an idle server looks into its queues four times less often.
        start.Environment["SelfHost__Durable__LargestPollingInterval"] = "00:00:01";

        // A folder that Larders with other storages share would hold jobs that are orphans to them.
        var folder = Directory.CreateTempSubdirectory("larder-tests-");
        start.Environment["LocalFolder"] = folder.FullName;
        foreach (var (name, value) in (await TestStore.SettingsAsync(storage)).Concat(settings))
            start.Environment[name.Replace(":", "__")] = value;

        var process = Process.Start(start)!;
        var log = new StringBuilder();
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var grpc = new TaskCompletionSource<Uri?>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (arguments.Count == 0)
            grpc.SetResult(null);
        void Take(string? line)
        {
            lock (log)
                log.AppendLine(line);
            if (line?.StartsWith(Ready, StringComparison.Ordinal) == true)
                address.TrySetResult(new Uri(line[Ready.Length..].Trim()));
            if (line?.StartsWith(GrpcReady, StringComparison.Ordinal) == true)
                grpc.TrySetResult(new Uri(line[GrpcReady.Length..].Trim()));
        }
        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        var ended = process.WaitForExitAsync();
        if (await Task.WhenAny(Task.WhenAll((Task)address.Task, grpc.Task), ended) == ended)
        {
            folder.Delete(recursive: true);
            throw new InvalidOperationException($"Larder ended with {process.ExitCode} before it was ready:\n{log}");
        }

        return new LarderProcess(process, log, await address.Task, await grpc.Task, folder);
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, then waits for the end. Returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        _ = kill(_process.Id, SigTerm);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // What a killed host had started may still write there.
        }
    }

    private const int SigTerm = 15;

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
}
