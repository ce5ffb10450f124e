using Larder.Registry.Errors;

namespace Larder.Orchestrations.Compute;

/// <summary>
/// Where jobs run code. Every method may be called again with the same arguments, after a crash or by a second host, and then changes nothing
/// that is done already. What may pass by itself (a busy service, a lost connection) is thrown as it comes, and the caller tries again.
/// </summary>
public interface IComputeBackend
{
    /// <summary>Its name in a job: <c>process</c>, <c>container-instances</c>.</summary>
    string Name { get; }

    /// <summary>Checks what a job asks for before anything is stored.</summary>
    /// <exception cref="InvalidRequestException">The backend has no such thing; a sentence that says what it has.</exception>
    void Validate(ComputeResources resources);

    /// <summary>Starts a task, unless it was started before.</summary>
    /// <returns>False when the backend is full at this moment: ask again later.</returns>
    /// <exception cref="ComputeFailedException">It will not run: quota, image, capacity, a missing program.</exception>
    Task<bool> StartAsync(ComputeTask task, CancellationToken cancellationToken);

    /// <summary>What is known of a task.</summary>
    Task<ComputeStatus> GetStatusAsync(ComputeId id, CancellationToken cancellationToken);

    /// <summary>
    /// What the backend itself caught of the task's standard output and error, at most the last 64 KiB; empty when there is nothing. The script's
    /// own output does not come this way (bootstrap.py sends it to storage); this tells why that could not even begin.
    /// </summary>
    Task<string> ReadOutputAsync(ComputeId id, CancellationToken cancellationToken);

    /// <summary>Asks a task to end, and has it killed after the backend's grace time. Returns at once; the status says when it is over.</summary>
    Task StopAsync(ComputeId id, CancellationToken cancellationToken);

    /// <summary>Removes everything of a task. When it returns, nothing of it runs and nothing is left.</summary>
    Task DeleteAsync(ComputeId id, CancellationToken cancellationToken);

    /// <summary>All tasks that the backend holds, in any state: <c>JobReconciler</c> deletes those whose job has ended.</summary>
    IAsyncEnumerable<ComputeId> ListAsync(CancellationToken cancellationToken);
}
