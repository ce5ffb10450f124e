using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Larder.Host.Tests.Support;

/// <summary>The application of Larder.Host.App, in a process of its own.</summary>
internal sealed class AppProcess : IAsyncDisposable
{
    public const int Interrupt = 2;
    public const int Terminate = 15;
    private const int Continue = 18;
    private const int Stop = 19;

    private const string Started = "Host started: ";

    // Several times what a start takes on a busy machine.
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly List<(string Part, TaskCompletionSource<string> Said)> _awaited = [];
    private readonly Task _ended;

    private AppProcess(ProcessStartInfo start)
    {
        _process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
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
    /// <param name="arguments">Its command line.</param>
    /// <param name="settings">
    /// Its settings, as environment variables. Without AzureWebJobsStorage it has no storage. Its triggers run with <c>Journal</c> and <c>Uploads</c>, its
    /// orchestrations with host.json's name of the task hub.
    /// </param>
    public static AppProcess Start(string[] arguments, params IEnumerable<(string Name, string? Value)> settings)
    {
        var folder = AppContext.BaseDirectory.Replace("Larder.Host.Tests", "Larder.Host.App", StringComparison.Ordinal);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(folder, "Larder.Host.App.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["AzureWebJobsStorage"] = "";
        foreach (var (name, value) in settings)
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        return new AppProcess(start);
    }

    /// <summary>Starts it on a free port and waits until it is ready.</summary>
    public static async Task<AppProcess> StartReadyAsync(params IEnumerable<(string Name, string? Value)> settings)
    {
        var app = Start(["--port", "0"], settings);
        app.Client.BaseAddress = await app.ReadyAsync();
        return app;
    }

    /// <summary>Waits until it says where it listens.</summary>
    public async Task<Uri> ReadyAsync() => new((await SaidAsync(Started))[Started.Length..]);

    /// <summary>Waits until it has printed a line with this in it, and gives the line.</summary>
    public async Task<string> SaidAsync(string part)
    {
        var said = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_awaited)
        {
            if (Output.Split('\n').FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal)) is { } line)
                return line;
            _awaited.Add((part, said));
        }

        if (await Task.WhenAny(said.Task, _ended).WaitAsync(Timeout) == _ended && !said.Task.IsCompleted)
            Assert.Fail($"The application ended with {_process.ExitCode} before it said '{part}':\n{Output}{Errors}");
        return await said.Task;
    }

    public void Signal(int signal) => Assert.Equal(0, kill(_process.Id, signal));

    /// <summary>Holds it where it is, as a debugger or a laptop's lid would (SIGSTOP).</summary>
    public void Pause() => Signal(Stop);

    /// <summary>Lets it go on (SIGCONT).</summary>
    public void Resume() => Signal(Continue);

    /// <summary>Ends it at once, as a power cut would (SIGKILL).</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _ended;
    }

    /// <summary>Waits for its end; gives its exit code.</summary>
    public async Task<int> EndAsync()
    {
        await _ended.WaitAsync(Timeout);
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
        lock (_awaited)
        {
            lock (text)
                text.Append(line).Append('\n');
            foreach (var (_, said) in _awaited.Where(wait => line.Contains(wait.Part, StringComparison.Ordinal)))
                said.TrySetResult(line);
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
}
