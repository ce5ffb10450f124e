using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Larder.Inference.Limits;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Larder.Orchestrations.Compute.Processes;

/// <summary>
/// Runs tasks as processes of this machine. Each has a supervisor (<c>supervise.py</c>), which outlives the host: the next host finds it again by
/// the task's folder, the supervisor's pid and its start time. Where the machine can make one, a task runs in a sandbox (<see cref="ProcessSandbox"/>); where
/// it cannot, this is for code that is trusted as its author's own shell is. Limits hold for the task (disk, time; memory, cores and processes by control
/// groups), or for each process (address space, CPU time, file size).
/// Linux; on macOS, what made a process group of its own is not found again. Not on Windows.
/// </summary>
public sealed partial class ProcessCompute : IComputeBackend, IDisposable
{
    private const int OutputBytes = 64 << 10;

    private static readonly string[] PassedOn = ["PATH", "LANG", "LC_ALL", "TZ"];

    private readonly ProcessComputeOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ProcessCompute> _logger;
    private readonly ProcessSandbox _sandbox;
    private readonly SemaphoreSlim _starting = new(1);

    /// <summary>Makes a backend over a folder. Tasks that another one left there are this one's too.</summary>
    /// <exception cref="OptionsValidationException">An option is wrong.</exception>
    public ProcessCompute(ProcessComputeOptions options, TimeProvider time, ILogger<ProcessCompute> logger)
    {
        new OrchestrationSettingsValidator().Check("Jobs:Process", options);
        _options = options;
        _time = time;
        _logger = logger;
        _sandbox = new ProcessSandbox(options);
    }

    /// <inheritdoc/>
    public string Name => ComputeOptions.Process;

    /// <inheritdoc/>
    public void Validate(ComputeResources resources)
    {
        if (Unusable() is { } reason)
            throw new InvalidRequestException(reason);
        if (resources.Image is not null)
            throw new InvalidRequestException("Training runs in a process of this machine, which has no images: leave out 'image'.");
        if (resources.Gpu != 0)
            throw new InvalidRequestException("Training runs in a process of this machine, which gives out no GPUs: leave out 'gpu'.");
        if (resources.Cpu > Environment.ProcessorCount)
            throw new InvalidRequestException($"'cpu' is {resources.Cpu}, and this machine has {Environment.ProcessorCount} cores.");
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9;
        if (resources.MemoryGb > memory)
            throw new InvalidRequestException($"'memoryGb' is {resources.MemoryGb}, and this machine has {memory:F1} GB.");
    }

    /// <inheritdoc/>
    public async Task<bool> StartAsync(ComputeTask task, CancellationToken cancellationToken)
    {
        if (Unusable() is { } reason)
            throw new ComputeFailedException(reason);
        var folder = FolderOf(task.Id);
        await _starting.WaitAsync(cancellationToken);
        try
        {
            if (folder.ReadState() is not null)
                return true;
            if (!HasRoom(task.Id))
                return false;
            folder.Prepare(EmbeddedText.Read("supervise.py"));
            await LaunchAsync(task, folder, cancellationToken);
            return true;
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>Finds out whether this machine can make sandboxes, and logs what becomes of jobs. For the start of a server.</summary>
    public void CheckSandbox()
    {
        if (Unusable() is { } reason)
            LogRefused(reason);
        else if (_sandbox.Missing is { } missing)
            LogNoSandbox(missing);
        else
            LogSandbox(_options.Network);
    }

    /// <summary>Whether a task could start at this moment, or runs already.</summary>
    internal bool HasRoom(ComputeId id) =>
        TaskFolder.All(_options.Folder).Count(other => other.Id != id && IsRunning(other)) < (_options.MaxConcurrent ?? Environment.ProcessorCount);

    /// <inheritdoc/>
    public async Task<ComputeStatus> GetStatusAsync(ComputeId id, CancellationToken cancellationToken)
    {
        var folder = FolderOf(id);
        if (folder.ReadExit() is { } exit)
            return StatusOf(exit);
        if (folder.ReadState() is not { } state)
            return new ComputeStatus(ComputeState.Missing);
        if (state.IsAlive())
            return new ComputeStatus(ComputeState.Running);

        // It may have ended between the two looks.
        if (folder.ReadExit() is { } ended)
            return StatusOf(ended);
        LogLost(id.Job, id.Attempt);
        await EndAsync(folder, state, cancellationToken);
        exit = new TaskExit(null, "Its supervisor was killed, or the machine was restarted.", _time.GetUtcNow());
        if (!folder.Exists)
            return new ComputeStatus(ComputeState.Missing);
        folder.WriteExit(exit);
        return StatusOf(exit);
    }

    /// <inheritdoc/>
    public async Task<string> ReadOutputAsync(ComputeId id, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetString(await FolderOf(id).ReadOutputAsync(OutputBytes, cancellationToken));

    /// <inheritdoc/>
    public Task StopAsync(ComputeId id, CancellationToken cancellationToken)
    {
        var folder = FolderOf(id);
        if (!folder.Exists)
            return Task.CompletedTask;
        folder.WriteStop();
        if (folder.ReadState() is { } state && state.IsAlive())
            Signals.Terminate(state.Pid);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(ComputeId id, CancellationToken cancellationToken)
    {
        var folder = FolderOf(id);
        await _starting.WaitAsync(cancellationToken);
        try
        {
            await EndAsync(folder, folder.ReadState(), cancellationToken);
            await folder.DeleteAsync(cancellationToken);
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ComputeId> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var folder in TaskFolder.All(_options.Folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return folder.Id;
        }
    }

    /// <summary>Lets go of this backend, not of its tasks.</summary>
    public void Dispose() => _starting.Dispose();

    internal static ComputeStatus StatusOf(TaskExit exit) => new(ComputeState.Exited, exit.ExitCode, exit.Reason, exit.TimedOut);

    private static bool IsRunning(TaskFolder folder) => folder.ReadState() is { } state && folder.ReadExit() is null && state.IsAlive();

    private TaskFolder FolderOf(ComputeId id) => new(_options.Folder, id);

    private string? Unusable() =>
        _options.RunsInAzure ? "Training in a process of the server's own machine is not for Azure: the script would have the app's identity. Use container instances."
        : OperatingSystem.IsWindows() ? "Training in a process of the server's own machine needs Linux or macOS. On Windows, run the server under WSL, or use container instances."
        : _sandbox.Refusal;

    private async Task EndAsync(TaskFolder folder, TaskState? state, CancellationToken cancellationToken)
    {
        await TaskProcesses.EndAsync(folder.FullPath, state, _time, cancellationToken);
        if (state is not null)
            await state.RemoveControlGroupsAsync(_time, cancellationToken);
    }

    private async Task LaunchAsync(ComputeTask task, TaskFolder folder, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(_options.Python, ["-I", "-S", folder.Supervisor, folder.FullPath])
        {
            WorkingDirectory = folder.FullPath,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in EnvironmentOf(folder))
            start.Environment[name] = value;
        start.Environment["HOME"] = folder.FullPath;
        using var launcher = Start(start);
        var output = launcher.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = launcher.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await launcher.StandardInput.BaseStream.WriteAsync(TaskFolder.ToJson(Specify(task, folder)), cancellationToken);
            launcher.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already, and its errors say why.
        }

        await launcher.WaitForExitAsync(cancellationToken);
        await output;
        var told = (await errors).Trim();
        if (launcher.ExitCode is 126 or 127)
            throw new ComputeFailedException($"Training in a local process needs Python 3.8 or later as '{_options.Python}': {told}");
        if (launcher.ExitCode != 0)
            throw new IOException($"The supervisor of job {task.Id.Job} did not start: {told}");
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new ComputeFailedException(
                $"'{_options.Python}' cannot be run ({e.NativeErrorCode switch { 2 => "there is no such program", _ => e.Message }}): training in a local process needs Python 3.8 or later.");
        }
    }

    /// <summary>Nothing of the host's own: that holds its keys.</summary>
    private static Dictionary<string, string> EnvironmentOf(TaskFolder folder)
    {
        var environment = new Dictionary<string, string> { ["LANG"] = "C.UTF-8", [TaskProcesses.Marker] = folder.FullPath };
        foreach (var name in PassedOn)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
                environment[name] = value;
        }

        return environment;
    }

    private TaskSpecification Specify(ComputeTask task, TaskFolder folder)
    {
        var environment = EnvironmentOf(folder);
        foreach (var (name, value) in task.SecureEnvironment)
            environment[name] = value;
        if (_sandbox.Missing is { } missing)
            environment[Bootstrap.NoticeVariable] = missing;
        return new TaskSpecification
        {
            Command = task.Command[0] == "python3" ? [_options.Python, .. task.Command.Skip(1)] : task.Command,
            Python = _options.Python,
            Environment = environment,
            MemoryBytes = (task.Resources.MemoryGb ?? _options.DefaultMemoryGb) is { } gigabytes ? (long)(gigabytes * 1e9) : null,
            CpuSeconds = (long)Math.Ceiling(task.Timeout.TotalSeconds * (task.Resources.Cpu ?? _options.DefaultCpu ?? Environment.ProcessorCount)),
            Cores = task.Resources.Cpu ?? _options.DefaultCpu,
            Processes = _options.Processes,
            DiskBytes = _options.DiskBytes,
            TimeoutSeconds = task.Timeout.TotalSeconds,
            GraceSeconds = _options.StopGrace.TotalSeconds,
            Sandbox = _sandbox.Specify(),
            Urls = task.Urls,
        };
    }

    [LoggerMessage(1, LogLevel.Warning, "The supervisor of job {Job}, attempt {Attempt}, was lost. What is left of the job is killed.")]
    private partial void LogLost(string job, int attempt);

    [LoggerMessage(2, LogLevel.Information, "Local jobs run in a sandbox, with the network: {Network}.")]
    private partial void LogSandbox(SandboxNetwork network);

    [LoggerMessage(3, LogLevel.Warning, "{Missing}")]
    private partial void LogNoSandbox(string missing);

    [LoggerMessage(4, LogLevel.Error, "{Reason}")]
    private partial void LogRefused(string reason);
}
