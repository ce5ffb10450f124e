using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference;

/// <summary>The output values of one run, shared by the requests that were run together: the last one to let go frees them.</summary>
internal sealed class RunResult(IDisposableReadOnlyCollection<OrtValue> values, int holders, TimeSpan time)
{
    private int _holders = holders;

    /// <summary>How long the run took.</summary>
    public TimeSpan Time { get; } = time;

    public OrtValue this[int output] => values[output];

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
            values.Dispose();
    }
}
