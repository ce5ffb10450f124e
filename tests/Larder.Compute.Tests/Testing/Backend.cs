using System.Text;
using System.Text.Json;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.Processes;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

// What is tested here is /proc, sessions and signals.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

namespace Larder.Compute.Tests.Testing;

/// <summary>A process backend over a folder of its own. At its end it deletes its tasks, and fails when anything of them is left.</summary>
internal sealed class Backend : IAsyncDisposable
{
    public Backend(ProcessComputeOptions? options = null)
    {
        Options = (options ?? new ProcessComputeOptions()) with { Folder = Folder, RunsInAzure = false };
        Compute = Another();
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("compute-").FullName;

    public ProcessComputeOptions Options { get; }

    public ProcessCompute Compute { get; }

    public static ComputeId Id { get; } = new("job1", 1);

    public string TaskFolder => Path.Combine(Folder, Id.Job, $"{Id.Attempt}");

    /// <summary>Whether this machine can make a sandbox, and the options want one.</summary>
    public bool HasSandbox => new ProcessSandbox(Options).IsUsed;

    /// <summary>What the supervisor wrote of itself.</summary>
    public JsonElement State => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TaskFolder, "state.json"))).RootElement;

    /// <summary>Pids of living processes that carry the marker of a task in this folder.</summary>
    public IReadOnlyList<int> Processes => [.. MarkedProcesses()];

    /// <summary>As a host that was started later sees the folder.</summary>
    public ProcessCompute Another() => new(Options, TimeProvider.System, NullLogger<ProcessCompute>.Instance);

    public static ComputeTask TaskOf(string python, TimeSpan? timeout = null, ComputeResources? resources = null, ComputeId? id = null, IReadOnlyDictionary<string, string>? environment = null) => new()
    {
        Id = id ?? Id,
        Resources = resources ?? new ComputeResources(),
        Command = ["python3", "-c", python],
        SecureEnvironment = environment ?? new Dictionary<string, string>(),
        Timeout = timeout ?? TimeSpan.FromMinutes(5),
    };

    public async Task StartAsync(string python, TimeSpan? timeout = null, ComputeResources? resources = null, IReadOnlyDictionary<string, string>? environment = null) =>
        Assert.True(await Compute.StartAsync(TaskOf(python, timeout, resources, environment: environment), default));

    public async Task<ComputeStatus> WaitAsync(ComputeId? id = null)
    {
        ComputeStatus status = new(ComputeState.Missing);
        await Eventually.TrueAsync(async () => (status = await Compute.GetStatusAsync(id ?? Id, default)).State == ComputeState.Exited);
        return status;
    }

    /// <summary>Waits until the task has printed a text.</summary>
    public async Task<string> OutputAsync(string expected)
    {
        var output = "";
        await Eventually.TrueAsync(async () => (output = await Compute.ReadOutputAsync(Id, default)).Contains(expected));
        return output;
    }

    public async ValueTask DisposeAsync()
    {
        await foreach (var id in Compute.ListAsync(default))
            await Compute.DeleteAsync(id, default);
        Compute.Dispose();
        Assert.Empty(Processes);
        Assert.Empty(Directory.GetFileSystemEntries(Folder));
        Directory.Delete(Folder);
    }

    private IEnumerable<int> MarkedProcesses()
    {
        foreach (var process in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), out var pid))
                continue;
            string environment;
            try
            {
                environment = Encoding.UTF8.GetString(File.ReadAllBytes($"{process}/environ"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            if (environment.Contains($"LARDER_TASK={Folder}/"))
                yield return pid;
        }
    }
}
