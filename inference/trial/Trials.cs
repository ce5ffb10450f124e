using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Trial;

/// <summary>One model's trial: load it, read its signature, run it on zeros, see whether its rows are independent.</summary>
internal static class Trials
{
    /// <summary>Loads ONNX Runtime, which otherwise the first model would wait for.</summary>
    public static void WarmUp()
    {
        var options = new EnvironmentCreationOptions { logId = "larder-trial", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        OrtEnv.CreateInstanceWithOptions(ref options);
    }

    /// <summary>Tries a model. Whatever it throws becomes a refusal.</summary>
    public static TrialAnswer Try(TrialRequest request)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            // One thread: a trial is in no hurry, and the server has other work for the other cores.
            using var options = SessionBuilder.Options(request.Session, threads: 1);
            options.EnableCpuMemArena = false;
            using var session = new InferenceSession(request.Path, options);
            var model = new TrialModel(request.Path, session, SignatureReader.Read(session));
            var oneRow = ZeroRun.Check(model);
            // A model that is slow, but not too slow, must not be refused for the sake of a trial that is only there to make it faster.
            var hasTime = clock.Elapsed + RowTrial.Cost(oneRow) < TimeSpan.FromSeconds(request.Seconds / 2d);
            return new TrialAnswer { Signature = model.Signature, RowsAreIndependent = hasTime && RowTrial.RowsAreIndependent(model) };
        }
        catch (InvalidModelException refusal)
        {
            return new TrialAnswer { Refusal = refusal.Message };
        }
        catch (Exception e) when (IsOutOfMemory(e))
        {
            return new TrialAnswer { OutOfMemory = true };
        }
        catch (Exception e)
        {
            return new TrialAnswer { Refusal = $"ONNX Runtime cannot load the model: {RuntimeMessage.Clean(e.Message, request.Path)}" };
        }
    }

    /// <summary>Whether a failure is for want of memory, which is never to blame on the values of an input.</summary>
    public static bool IsOutOfMemory(Exception e) => e is OutOfMemoryException
        || e.Message.Contains("bad_alloc", StringComparison.Ordinal)
        || e.Message.Contains("Failed to allocate memory", StringComparison.Ordinal);
}
