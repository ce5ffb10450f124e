using System.Diagnostics;
using Larder.Inference.Batching;
using Larder.Inference.Memory;
using Larder.Inference.Metrics;
using Larder.Inference.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>Runs one loaded session, on the calling thread.</summary>
internal sealed class ModelRunner(ServableModel model, InferenceSession session, SessionCache cache, ModelMetrics metrics)
{
    private readonly OnnxEnvironment _environment = cache.Environment;
    private readonly string[] _inputNames = [.. model.Description.Signature.Inputs.Select(input => input.Name)];
    private readonly string[] _outputNames = [.. model.Description.Signature.Outputs.Select(output => output.Name)];
    private readonly bool _givesInputs = model.Description.Signature.Outputs.Any(output => model.Description.Signature.Inputs.Any(input => input.Name == output.Name));

    /// <summary>Runs the inputs; the result is for as many holders as there are <paramref name="members"/>, and for one when there are none.</summary>
    /// <exception cref="InvalidInputException">A node of the model refused the input, it needs more memory than runs may have, or its outputs are too large.</exception>
    /// <exception cref="MemoryBusyException">Other runs have the memory.</exception>
    /// <exception cref="RunTimeoutException">It took too long.</exception>
    public RunResult Run(PredictionInputs inputs, IReadOnlyList<QueuedRun> members, CancellationToken cancellationToken)
    {
        var values = inputs.ToOrtValues();
        if (model.Description.RefusesEmptyInputs && inputs.FirstEmpty is { } empty)
            throw InputError.Got(empty, $"no elements, which {model.Name} cannot take");
        using var span = InferenceSpans.Run(model, inputs, members);
        var guard = inputs.Guard;
        var started = Stopwatch.GetTimestamp();
        guard.Start(cancellationToken);
        _environment.Begin();
        try
        {
            return new RunResult(RunSession(guard.Options, values), _givesInputs ? inputs : null, model, Math.Max(1, members.Count), Stopwatch.GetElapsedTime(started), cache);
        }
        catch (OnnxRuntimeException) when (guard.TimedOut)
        {
            var failure = new RunTimeoutException($"A run of {model.Name}:{model.Version} took longer than {cache.Limits.RunSeconds} s and was stopped.");
            InferenceSpans.Fail(span, failure);
            throw failure;
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OnnxRuntimeException failure)
        {
            var reason = OnnxFailure.FromRun(failure, model, _environment);
            if (OnnxFailure.IsLackOfMemory(failure))
                cache.Metrics.Refused("runs", reason is MemoryBusyException ? "busy" : "too_large");
            InferenceSpans.Fail(span, reason);
            throw reason;
        }
        finally
        {
            guard.Stop();
            _environment.End();
            if (metrics.Enabled)
                metrics.RecordRun(Stopwatch.GetElapsedTime(started), Math.Max(1, inputs.Rows));
        }
    }

    private IDisposableReadOnlyCollection<OrtValue> RunSession(RunOptions options, OrtValue[] values)
    {
        try
        {
            return session.Run(options, _inputNames, values, _outputNames);
        }
        catch (OnnxRuntimeException failure) when (OnnxFailure.BytesWanted(failure) <= _environment.RunBytes)
        {
            // It may be there in pieces that earlier runs of other sizes have left, and that no longer hold anything.
            _environment.Shrink();
            return session.Run(options, _inputNames, values, _outputNames);
        }
    }
}
