using Azure.Storage.Blobs;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.Processes;
using Larder.Registry.Jobs.Files;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Compute.Tests.Testing;

/// <summary>One of several servers that share an account, each with a folder for its own processes.</summary>
internal sealed class LeasedServer : IAsyncDisposable
{
    private readonly bool _ownsFolder;

    /// <param name="account">Connection string of the storage that they share.</param>
    /// <param name="time">The clock of the leases; processes have the real one.</param>
    /// <param name="folder">Its folder; one of its own, which is removed with it, if not given.</param>
    /// <param name="options">How it runs tasks.</param>
    public LeasedServer(string account, TimeProvider time, string? folder = null, ProcessComputeOptions? options = null)
    {
        _ownsFolder = folder is null;
        Folder = folder ?? Directory.CreateTempSubdirectory("server-").FullName;
        options = (options ?? new ProcessComputeOptions()) with { Folder = Folder, RunsInAzure = false };
        Files = new JobFiles(new BlobServiceClient(account), TimeProvider.System);
        Processes = new ProcessCompute(options, TimeProvider.System, NullLogger<ProcessCompute>.Instance);
        Compute = new LeasedProcessCompute(Processes, Files, options, time, NullLogger<LeasedProcessCompute>.Instance);
    }

    public string Folder { get; }

    public JobFiles Files { get; }

    /// <summary>Its processes, without leases.</summary>
    public ProcessCompute Processes { get; }

    public LeasedProcessCompute Compute { get; }

    public Task<bool> StartAsync(ComputeId id, string python) => Compute.StartAsync(Backend.TaskOf(python, id: id), default);

    public Task<ComputeStatus> StatusAsync(ComputeId id) => Compute.GetStatusAsync(id, default);

    /// <summary>Waits until its own process of an attempt has ended, whatever leases say.</summary>
    public Task EndOfProcessAsync(ComputeId id) =>
        Eventually.TrueAsync(async () => (await Processes.GetStatusAsync(id, default)).State == ComputeState.Exited);

    /// <summary>Whether a process of an attempt runs here.</summary>
    public async Task<bool> RunsAsync(ComputeId id) => (await Processes.GetStatusAsync(id, default)).State == ComputeState.Running;

    public async ValueTask DisposeAsync()
    {
        if (_ownsFolder)
        {
            await foreach (var id in Processes.ListAsync(default))
                await Processes.DeleteAsync(id, default);
            Directory.Delete(Folder, recursive: true);
        }

        Compute.Dispose();
    }
}
