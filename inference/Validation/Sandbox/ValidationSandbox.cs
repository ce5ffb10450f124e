using System.Collections.Concurrent;
using Larder.Inference.Settings;

namespace Larder.Inference.Validation.Sandbox;

/// <summary>
/// Tries as many models at the same time as their memory allows, each in a child process of its own (<see cref="SandboxSlot"/>), in the order of
/// <see cref="SandboxQueue"/>. A child is kept for the next model; the last one that was free is taken first, so that a quiet server has only one.
/// </summary>
/// <param name="limits">Time, memory and length of the queue.</param>
/// <param name="time">Clock of timeouts.</param>
internal sealed class ValidationSandbox(ValidationLimits limits, TimeProvider time) : IAsyncDisposable
{
    private readonly SandboxQueue _queue = new(limits.SandboxSlots, limits.MaxWaiting, limits.MaxWaitingOfCaller);
    private readonly ConcurrentStack<SandboxSlot> _idle = [];
    private readonly ConcurrentBag<SandboxSlot> _all = [];
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Process ids of the current children.</summary>
    public IEnumerable<int> ProcessIds => _all.Select(slot => slot.ProcessId).OfType<int>();

    /// <inheritdoc cref="SandboxSlot.TryAsync"/>
    /// <param name="path">The file.</param>
    /// <param name="session">Session settings.</param>
    /// <param name="folder">Folder for the graph, if it must be analysed for values that end the process; otherwise null.</param>
    /// <param name="caller">User who sent the model: the queue is fair between users.</param>
    /// <param name="cancellationToken">Kills the child.</param>
    /// <param name="dataBytes">Bytes of the other files in which it keeps tensors.</param>
    /// <param name="extensions">Whether the model uses ONNX Runtime Extensions.</param>
    /// <exception cref="ValidatorBusyException">Too many wait already.</exception>
    public Task<SandboxAnswer> TryAsync(string path, SessionSettings session, string? folder, string caller, CancellationToken cancellationToken, long dataBytes = 0, bool extensions = false) =>
        RunAsync((slot, stop) => slot.TryAsync(path, session, folder, stop, dataBytes, extensions), caller, cancellationToken);

    /// <inheritdoc cref="SandboxSlot.CompileAsync"/>
    /// <exception cref="ValidatorBusyException">Too many wait already.</exception>
    public Task<ComparisonAnswer> CompileAsync(string path, SessionSettings session, CompilationRequest compilation, string caller, CancellationToken cancellationToken) =>
        RunAsync((slot, stop) => slot.CompileAsync(path, session, compilation, stop), caller, cancellationToken);

    /// <inheritdoc cref="SandboxSlot.CompareAsync"/>
    /// <exception cref="ValidatorBusyException">Too many wait already.</exception>
    public Task<ComparisonAnswer> CompareAsync(string path, SessionSettings session, SampleRequest samples, string caller, CancellationToken cancellationToken) =>
        RunAsync((slot, stop) => slot.CompareAsync(path, session, samples, stop), caller, cancellationToken);

    /// <summary>Kills the children.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        foreach (var slot in _all)
            await slot.DisposeAsync();
    }

    private async Task<T> RunAsync<T>(Func<SandboxSlot, CancellationToken, Task<T>> run, string caller, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        using var turn = await _queue.EnterAsync(caller, stop.Token);
        if (!_idle.TryPop(out var slot))
            _all.Add(slot = new SandboxSlot(limits, time));
        try
        {
            return await run(slot, stop.Token);
        }
        finally
        {
            _idle.Push(slot);
        }
    }
}
