using System.Diagnostics;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;

namespace Larder.Inference.Batching;

/// <summary>A request that waits for a run. Its state is the queue's, and changes under the queue's lock.</summary>
internal sealed class QueuedRun(PredictionInputs inputs)
    : TaskCompletionSource<PredictionOutputs>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public PredictionInputs Inputs { get; } = inputs;

    public long Rows { get; } = inputs.Rows;

    /// <summary>The span that asked for it, as its run is on another thread; null when traces are not collected.</summary>
    public Activity? Caller { get; } = InferenceSpans.AreCollected ? Activity.Current : null;

    /// <summary>Must not be run with others (again).</summary>
    public bool Alone { get; set; }

    /// <summary>Nobody waits for the result any more.</summary>
    public bool Cancelled { get; set; }

    /// <summary>The run that it is part of; null while it waits for one.</summary>
    public RunBatch? Batch { get; set; }
}
