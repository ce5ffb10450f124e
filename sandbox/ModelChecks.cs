using System.Diagnostics;
using Larder.Inference;
using Larder.Inference.Memory;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Validation.Sandbox;
using Larder.Sandbox.Compilation;
using Larder.Sandbox.RangeAnalysis;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Sandbox;

/// <summary>Handles one request: validates a model (loads it, reads its signature, runs it on zeros, checks whether its rows are independent), compiles it, or compares its outputs with expected ones.</summary>
internal static class ModelChecks
{
    /// <summary>Loads ONNX Runtime before the first model needs it.</summary>
    public static void WarmUp() => OnnxEnvironment.Make(threads: 1);

    /// <summary>Answers a request. Any exception of the model becomes a refusal.</summary>
    public static SandboxAnswer Answer(SandboxRequest request)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            if (request.Compilation is { } compilation)
                return new SandboxAnswer { Comparison = Compiler.Compile(request, compilation, clock) };
            if (request.Samples is { } samples)
                return new SandboxAnswer { Comparison = SampleComparison.Compare(request, samples) };
            return Try(request, clock);
        }
        catch (InvalidModelException refusal)
        {
            return new SandboxAnswer { Refusal = refusal.Message };
        }
        catch (Exception e) when (IsOutOfMemory(e))
        {
            return new SandboxAnswer { OutOfMemory = true };
        }
        catch (Exception e)
        {
            return new SandboxAnswer { Refusal = RuntimeMessage.OfLoad(e.Message, request.Path) };
        }
    }

    /// <summary>Session options. One thread: validation is not urgent, and the server needs the other cores.</summary>
    public static SessionOptions Options(SessionSettings settings, bool extensions)
    {
        var options = SessionBuilder.Options(settings, threads: 1, extensions);
        options.EnableCpuMemArena = false;
        return options;
    }

    /// <summary>Whether a failure is for lack of memory, which the values of an input never cause.</summary>
    public static bool IsOutOfMemory(Exception e) => e is OutOfMemoryException
        || e.Message.Contains("bad_alloc", StringComparison.Ordinal)
        || e.Message.Contains("Failed to allocate memory", StringComparison.Ordinal);

    private static SandboxAnswer Try(SandboxRequest request, Stopwatch clock)
    {
        using var options = Options(request.Session, request.Extensions);
        var graph = request.Folder is { } folder ? WriteGraph(options, folder) : null;
        using var model = SandboxModel.Load(request.Path, options);
        if (graph is not null)
            UnsafeOperatorCheck.Check(GraphReader.Read(graph, model.Signature.OptionalInputs));
        var oneRow = ZeroRun.Check(model);
        // A slow model must not be refused because of a check that only makes it faster. On a busy machine the check takes longer than the run before it lets expect.
        var hasTime = RowCheck.Cost(oneRow) * 4 < TimeSpan.FromSeconds(request.Seconds) - clock.Elapsed;
        return new SandboxAnswer { Signature = model.Signature, RowsAreIndependent = hasTime && RowCheck.RowsAreIndependent(model) };
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
