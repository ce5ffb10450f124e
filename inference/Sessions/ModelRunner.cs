using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference;

/// <summary>Runs one loaded session, on the calling thread.</summary>
internal sealed class ModelRunner(ServableModel model, InferenceSession session, InferenceLimits limits, ModelMetrics metrics)
{
    private readonly string[] _inputNames = [.. model.Description.Signature.Inputs.Select(input => input.Name)];
    private readonly string[] _outputNames = [.. model.Description.Signature.Outputs.Select(output => output.Name)];

    /// <summary>Runs the inputs; the result is for as many holders as there are <paramref name="members"/>, and for one when there are none.</summary>
    /// <exception cref="InvalidInputException">A node of the model refused the input.</exception>
    /// <exception cref="RunTimeoutException">It took too long.</exception>
    /// <exception cref="ModelRunException">It failed for another reason.</exception>
    public RunResult Run(PredictionInputs inputs, IReadOnlyList<QueuedRun> members, CancellationToken cancellationToken)
    {
        var values = inputs.ToOrtValues();
        if (model.Description.RefusesEmptyInputs && inputs.FirstEmpty is { } empty)
            throw InputError.Got(empty, $"no elements, which {model.Name} cannot take");
        using var span = InferenceSpans.Run(model, inputs, members);
        var guard = inputs.Guard;
        var started = Stopwatch.GetTimestamp();
        guard.Start(cancellationToken);
        try
        {
            var outputs = session.Run(guard.Options, _inputNames, values, _outputNames);
            return new RunResult(outputs, Math.Max(1, members.Count), Stopwatch.GetElapsedTime(started));
        }
        catch (OnnxRuntimeException) when (guard.TimedOut)
        {
            var failure = new RunTimeoutException($"A run of {model.Name}:{model.Version} took longer than {limits.RunSeconds} s and was stopped.");
            InferenceSpans.Fail(span, failure);
            throw failure;
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OnnxRuntimeException failure)
        {
            var reason = OnnxFailure.FromRun(failure, model);
            InferenceSpans.Fail(span, reason);
            throw reason;
        }
        finally
        {
            guard.Stop();
            if (metrics.Enabled)
                metrics.RecordRun(Stopwatch.GetElapsedTime(started), Math.Max(1, inputs.Rows));
        }
    }
}
