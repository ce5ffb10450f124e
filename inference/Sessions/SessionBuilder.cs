using Larder.Inference.Memory;
using Larder.Inference.Settings;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>Builds ONNX Runtime sessions and estimates their memory.</summary>
internal static class SessionBuilder
{
    /// <summary>From this file size on, a run uses all cores where runs could not be timed.</summary>
    public const long LargeModelBytes = 16 << 20;

    /// <summary>
    /// Bytes that the loaded model is counted with. Measured as growth of the resident set, loaded and after a run: a classifier of 579 bytes
    /// 100 KB; a matrix of 1 MiB 2.1 times its file, of 16 MiB 1.6 to 1.9 times, of 64 MiB 0.9 to 1.03 times. ONNX Runtime keeps a second,
    /// repacked copy of many weights. While it loads, the file is in memory as well.
    /// </summary>
    public static long EstimateBytes(ServableModel model) => (256 << 10) + 2 * model.Bytes;

    /// <summary>Loads a model from its file.</summary>
    public static InferenceSession Build(ServableModel model, string path, ThreadChoice threads)
    {
        using var options = Options(model, threads);
        return new InferenceSession(path, options);
    }

    /// <summary>The options of a model's session in the server.</summary>
    public static SessionOptions Options(ServableModel model, ThreadChoice threads)
    {
        var options = Options(model.Settings.Session, threads.Threads, model.Description.UsesExtensions);
        // A session of one thread runs on its caller's, and has no pool.
        if (threads.Threads > 1 && !threads.OwnThreads)
            OnnxEnvironment.ShareThreads(options);
        // ONNX Runtime keeps a memory pattern for every input shape: with variable shapes, these would grow without limit.
        options.EnableMemoryPattern = !model.Description.Signature.AllInputs.Any(input => input.Shape!.Contains(-1));
        OnnxEnvironment.UseArena(options);
        return options;
    }

    /// <summary>The options of a session; the sandbox loads with the same options, so that it validates what the server will run.</summary>
    /// <param name="settings">The owner's.</param>
    /// <param name="threads">Threads of a run.</param>
    /// <param name="extensions">Whether the model uses ONNX Runtime Extensions; the library is not loaded for others.</param>
    /// <exception cref="InvalidModelException">There is no such library for this platform.</exception>
    public static SessionOptions Options(SessionSettings settings, int threads, bool extensions)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = settings.Optimization switch
            {
                "none" => GraphOptimizationLevel.ORT_DISABLE_ALL,
                "basic" => GraphOptimizationLevel.ORT_ENABLE_BASIC,
                "extended" => GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
                _ => GraphOptimizationLevel.ORT_ENABLE_ALL,
            },
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        // Otherwise the format would follow the file's name: ".ort" would be ONNX Runtime's own.
        options.AddSessionConfigEntry("session.load_model_format", "ONNX");
        // Waiting threads would spin: faster alone, but in a server they take the cores from other models.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (extensions)
            Register(options);
        return options;
    }

    private static void Register(SessionOptions options)
    {
        try
        {
            options.RegisterOrtExtensions();
        }
        catch (OnnxRuntimeException)
        {
            options.Dispose();
            throw new InvalidModelException("The model uses operators of ONNX Runtime Extensions, whose library this server cannot load: it exists for Windows, and for Linux with glibc.");
        }
    }
}
