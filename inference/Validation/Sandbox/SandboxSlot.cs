using System.Text.Json;
using Larder.Inference.Settings;

namespace Larder.Inference.Validation.Sandbox;

/// <summary>
/// Tries models in a child process, one at a time: what hangs, takes all memory or crashes ONNX Runtime there does the server no
/// harm. The child is kept for the next model, and replaced when it had to be ended.
/// </summary>
/// <param name="limits">Time and memory.</param>
/// <param name="time">Clock of timeouts.</param>
/// <param name="childLimitsItself">False leaves the memory limit to the watch from outside alone, as on systems where the child cannot help.</param>
internal sealed class SandboxSlot(ValidationLimits limits, TimeProvider time, bool childLimitsItself = true) : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _closing = new();
    private SandboxProcess? _process;
    private long _memoryAtStart;

    /// <summary>The id of the child that was started last.</summary>
    public int? ProcessId { get; private set; }

    /// <summary>Loads and runs a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="session">How the server would load it.</param>
    /// <param name="folder">Where the child may write the model's graph, if it is to look for operators that end the process; null if not.</param>
    /// <param name="cancellationToken">Ends the child.</param>
    /// <param name="dataBytes">Bytes of the other files in which it keeps tensors.</param>
    /// <param name="extensions">Whether it uses ONNX Runtime Extensions.</param>
    /// <exception cref="InvalidModelException">It does not load, or not within the limits, or does not run.</exception>
    public Task<SandboxAnswer> TryAsync(string path, SessionSettings session, string? folder, CancellationToken cancellationToken, long dataBytes = 0, bool extensions = false) =>
        RequestAsync(new SandboxRequest(path, session, limits.SecondsOf(new FileInfo(path).Length + dataBytes), folder, Extensions: extensions), cancellationToken);

    /// <summary>Writes a model's optimised graph, and compares it with the model.</summary>
    /// <exception cref="InvalidModelException">One of them does not load, or not within the limits.</exception>
    public async Task<ComparisonAnswer> CompileAsync(string path, SessionSettings session, CompilationRequest compilation, CancellationToken cancellationToken) =>
        (await RequestAsync(new SandboxRequest(path, session, limits.LoadSeconds, Compilation: compilation), cancellationToken)).Comparison!;

    /// <summary>Runs a model on samples, and compares its outputs with what is expected.</summary>
    /// <exception cref="InvalidModelException">It does not load and run within the limits, or a sample does not fit it.</exception>
    public async Task<ComparisonAnswer> CompareAsync(string path, SessionSettings session, SampleRequest samples, CancellationToken cancellationToken) =>
        (await RequestAsync(new SandboxRequest(path, session, limits.LoadSeconds, Samples: samples), cancellationToken)).Comparison!;

    /// <summary>Ends the child and whatever it does.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _turn.WaitAsync();
        if (_process is not { } process)
            return;
        process.Kill();
        await process.EndAsync();
        Discard();
    }

    private async Task<SandboxAnswer> RequestAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        await _turn.WaitAsync(stop.Token);
        try
        {
            // If another process killed the child, the model may be innocent: retry once.
            var line = await AskAsync(request, retry: true, stop.Token) ?? await AskAsync(request, retry: false, stop.Token);
            return Verdict(line!);
        }
        finally
        {
            _turn.Release();
        }
    }

    private SandboxAnswer Verdict(string line)
    {
        SandboxAnswer answer;
        try
        {
            answer = JsonSerializer.Deserialize(line, SandboxJson.Default.SandboxAnswer)!;
        }
        catch (JsonException)
        {
            // The model wrote over the child's memory, or to its output: the child is not to be trusted any more.
            Discard();
            throw new InvalidModelException("ONNX Runtime could not load the model: the process that tried it did not answer sensibly.");
        }

        if (answer.OutOfMemory)
            throw TooMuchMemory();
        return answer.Refusal is not null ? throw new InvalidModelException(answer.Refusal) : answer;
    }

    // The child's answer. Null, if a retry is allowed, when another process killed the child.
    private async Task<string?> AskAsync(SandboxRequest request, bool retry, CancellationToken stop)
    {
        var process = await ProcessAsync(stop);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(request.Seconds), time);
        var tooMuchMemory = false;
        string? line;
        await using (stop.UnsafeRegister(Kill, process))
        await using (timeout.Token.UnsafeRegister(Kill, process))
        {
            var answer = process.AskAsync(JsonSerializer.Serialize(request, SandboxJson.Default.SandboxRequest));
            while (await Task.WhenAny(answer, Task.Delay(WatchInterval, time, CancellationToken.None)) != answer)
            {
                if (process.MemoryBytes - _memoryAtStart <= limits.SandboxMemoryBytes)
                    continue;
                tooMuchMemory = true;
                process.Kill();
                break;
            }

            line = await answer;
        }

        if (line is not null)
            return line;
        var exit = await process.EndAsync();
        Discard();
        stop.ThrowIfCancellationRequested();
        if (timeout.IsCancellationRequested)
            throw new InvalidModelException($"The model did not load and run within {request.Seconds} seconds.");
        if (tooMuchMemory || exit.IsOutOfMemory)
            throw TooMuchMemory();
        if (exit.WasKilled && retry)
            return null;
        throw new InvalidModelException($"ONNX Runtime could not load the model: the process that tried it ended with {exit}.");

        static void Kill(object? process) => ((SandboxProcess)process!).Kill();
    }

    private async Task<SandboxProcess> ProcessAsync(CancellationToken stop)
    {
        if (_process is { HasExited: true })
            Discard();
        if (_process is null)
        {
            using var timeout = new CancellationTokenSource(StartLimit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, timeout.Token);
            _process = await SandboxProcess.StartAsync(childLimitsItself ? limits.SandboxMemoryBytes : 0, either.Token);
            ProcessId = _process.Id;
            _memoryAtStart = _process.MemoryBytes;
        }

        return _process;
    }

    private void Discard()
    {
        _process?.Dispose();
        _process = null;
    }

    private InvalidModelException TooMuchMemory() => new($"The model needs more than {limits.SandboxMemoryBytes >> 20} MiB of memory to load and run.");
}
