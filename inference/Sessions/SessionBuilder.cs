using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference;

/// <summary>Builds ONNX Runtime sessions, and knows what they cost.</summary>
internal static class SessionBuilder
{
    /// <summary>From this file size on, a run uses all cores unless the settings say otherwise.</summary>
    public const long LargeModelBytes = 16 << 20;

    /// <summary>Threads that one run of the model uses.</summary>
    public static int Threads(ServableModel model) =>
        model.Settings.Session.IntraOpThreads ?? (model.Bytes < LargeModelBytes ? 1 : Environment.ProcessorCount);

    /// <summary>Bytes that the loaded model is counted with.</summary>
    public static long EstimateBytes(ServableModel model) => (1 << 20) + 2 * model.Bytes;

    /// <summary>Loads a model from its file.</summary>
    public static InferenceSession Build(ServableModel model, string path)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = Threads(model),
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = model.Settings.Session.Optimization switch
            {
                "none" => GraphOptimizationLevel.ORT_DISABLE_ALL,
                "basic" => GraphOptimizationLevel.ORT_ENABLE_BASIC,
                "extended" => GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
                _ => GraphOptimizationLevel.ORT_ENABLE_ALL,
            },
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        // Waiting threads would spin: faster alone, but in a server they take the cores from other models.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        return new InferenceSession(path, options);
    }
}
