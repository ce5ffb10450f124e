using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Larder.Host.Tests.Support;

/// <summary>The application of Larder.Host.App, in a process of its own.</summary>
internal sealed class AppProcess : IAsyncDisposable
{
    public const int Interrupt = 2;
    public const int Terminate = 15;

    private const string Ready = "Host started: ";

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _ended;

    private AppProcess(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Take(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Take(_errors, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _ended = _process.WaitForExitAsync();
    }

    public string Output => Text(_output);

    public string Errors => Text(_errors);

    public int Id => _process.Id;

    public HttpClient Client { get; } = new(new SocketsHttpHandler { UseProxy = false });

    /// <summary>Starts it, without waiting for anything.</summary>
    public static AppProcess Start(string[] arguments, params (string Name, string Value)[] settings)
    {
        var folder = AppContext.BaseDirectory.Replace("Larder.Host.Tests", "Larder.Host.App", StringComparison.Ordinal);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(folder, "Larder.Host.App.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["AzureWebJobsStorage"] = ""; // unless the settings say otherwise: no storage
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        return new AppProcess(start);
    }

    /// <summary>Starts it on a free port and waits until it is ready.</summary>
    public static async Task<AppProcess> StartReadyAsync(params (string Name, string Value)[] settings)
    {
        var app = Start(["--port", "0"], settings);
        app.Client.BaseAddress = await app.ReadyAsync();
        return app;
    }

    /// <summary>Waits until it says where it listens.</summary>
    public async Task<Uri> ReadyAsync()
    {
        if (await Task.WhenAny(_ready.Task, _ended) == _ended && !_ready.Task.IsCompleted)
            Assert.Fail($"The application ended with {_process.ExitCode} before it was ready:\n{Output}{Errors}");
        return await _ready.Task;
    }

    public void Signal(int signal) => Assert.Equal(0, kill(_process.Id, signal));

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _ended;
    }

    /// <summary>Waits for its end; gives its exit code.</summary>
    public async Task<int> EndAsync()
    {
        await _ended;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private void Take(StringBuilder text, string? line)
    {
        if (line is null)
            return;
        lock (text)
            text.Append(line).Append('\n');
        if (line.StartsWith(Ready, StringComparison.Ordinal))
            _ready.TrySetResult(new Uri(line[Ready.Length..]));
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
}
