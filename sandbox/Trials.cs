using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Trial;

/// <summary>One request: try a model (load it, read its signature, run it on zeros, see whether its rows are independent), or compile it.</summary>
internal static class Trials
{
    /// <summary>Loads ONNX Runtime, which otherwise the first model would wait for.</summary>
    public static void WarmUp() => OnnxEnvironment.Make();

    /// <summary>Answers a request. Whatever the model throws becomes a refusal.</summary>
    public static TrialAnswer Answer(TrialRequest request)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            return request.Compilation is { } compilation
                ? new TrialAnswer { Compilation = Compiler.Compile(request, compilation, clock) }
                : Try(request, clock);
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

    /// <summary>How sessions are built here. One thread: a trial is in no hurry, and the server has other work for the other cores.</summary>
    public static SessionOptions Options(SessionSettings settings)
    {
        var options = SessionBuilder.Options(settings, threads: 1);
        options.EnableCpuMemArena = false;
        return options;
    }

    /// <summary>Whether a failure is for want of memory, which is never to blame on the values of an input.</summary>
    public static bool IsOutOfMemory(Exception e) => e is OutOfMemoryException
        || e.Message.Contains("bad_alloc", StringComparison.Ordinal)
        || e.Message.Contains("Failed to allocate memory", StringComparison.Ordinal);

    private static TrialAnswer Try(TrialRequest request, Stopwatch clock)
    {
        using var options = Options(request.Session);
        var graph = request.Folder is { } folder ? WriteGraph(options, folder) : null;
        using var model = TrialModel.Load(request.Path, options);
        if (graph is not null)
            HazardCheck.Check(GraphReader.Read(graph));
        var oneRow = ZeroRun.Check(model);
        // A model that is slow, but not too slow, must not be refused for the sake of a trial that is only there to make it faster.
        var hasTime = clock.Elapsed + RowTrial.Cost(oneRow) < TimeSpan.FromSeconds(request.Seconds / 2d);
        return new TrialAnswer { Signature = model.Signature, RowsAreIndependent = hasTime && RowTrial.RowsAreIndependent(model) };
    }

    // The graph as the server would run it, without its weights.
    private static string WriteGraph(SessionOptions options, string folder)
    {
        var path = Path.Combine(folder, "graph.onnx");
        options.OptimizedModelFilePath = path;
        options.AddSessionConfigEntry("session.optimized_model_external_initializers_file_name", "weights");
        options.AddSessionConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", "4096");
        return path;
    }
}
