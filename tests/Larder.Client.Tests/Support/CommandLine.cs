using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Larder.Client.Tests.Support;

/// <summary><c>larder</c> as a process, with a config file of its own. Its output is a pipe.</summary>
internal sealed class CommandLine : IAsyncDisposable
{
    private const int SigInt = 2;

    // Many times what a command takes on a busy machine.
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly List<(string Part, TaskCompletionSource Said)> _awaited = [];

    private CommandLine(ProcessStartInfo start, string? input)
    {
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Take(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Take(_errors, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        if (input is not null)
            _process.StandardInput.Write(input);
        _process.StandardInput.Close();
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<Result> RunAsync(CommandEnvironment environment, params string[] arguments) => await RunAsync(environment, input: null, arguments);

    /// <summary>Runs a command with something to read, to its end.</summary>
    public static async Task<Result> RunAsync(CommandEnvironment environment, string? input, string[] arguments)
    {
        await using var command = Start(environment, input, arguments);
        return await command.EndAsync();
    }

    /// <summary>Starts a command.</summary>
    public static CommandLine Start(CommandEnvironment environment, string? input, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [RepositoryFiles.Cli, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = environment.Folder,
        };
        environment.ApplyTo(start);
        return new CommandLine(start, input);
    }

    /// <summary>Waits until it has printed this.</summary>
    public async Task SaidAsync(string part)
    {
        var said = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_awaited)
        {
            if (_output.ToString().Contains(part, StringComparison.Ordinal) || _errors.ToString().Contains(part, StringComparison.Ordinal))
                return;
            _awaited.Add((part, said));
        }
        var ended = _process.WaitForExitAsync();
        Assert.True(await Task.WhenAny(said.Task, ended).WaitAsync(Timeout) == said.Task || said.Task.IsCompleted, $"It ended before it said '{part}':\n{_output}{_errors}");
    }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Ctrl-C.</summary>
    public void Interrupt() => Assert.Equal(0, kill(_process.Id, SigInt));

    /// <summary>Waits for its end.</summary>
    public async Task<Result> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Timeout);
        lock (_awaited)
            return new Result(_process.ExitCode, _output.ToString(), _errors.ToString());
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private void Take(StringBuilder text, string? line)
    {
        if (line is null)
            return;
        lock (_awaited)
        {
            text.Append(line).Append('\n');
            foreach (var (_, said) in _awaited.Where(wait => line.Contains(wait.Part, StringComparison.Ordinal)))
                said.TrySetResult();
        }
    }

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);

    /// <summary>How a command ended.</summary>
    internal sealed record Result(int ExitCode, string Output, string Errors)
    {
        /// <summary>The output of a command that must succeed.</summary>
        public string Succeeded()
        {
            Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}{Errors}");
            return Output;
        }
    }
}
