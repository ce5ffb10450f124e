using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Sessions;

/// <summary>
/// Graphs as ONNX Runtime has optimised them for this machine, kept beside the models, so that the second load of a model skips the work. A graph is used for the same bytes, ONNX Runtime,
/// processor and options only. They are in ONNX Runtime's own format, which it maps into memory: the weights are not copied. Whatever is wrong with a graph, the model is loaded from its own file.
/// </summary>
/// <param name="files">The files on the local disk, whose limit counts for graphs too.</param>
internal sealed class OptimizedGraphs(ArtifactFileCache files)
{
    /// <summary>From this file size on, a graph is kept. Smaller models load within milliseconds (inference/README.md).</summary>
    public const long LeastBytes = 4 << 20;

    private static readonly string Machine = string.Join(' ', Features());

    // Written again, they would be refused again.
    private readonly ConcurrentDictionary<string, bool> _refused = new();

    /// <summary>The verified file of a model's graph; null when there is none.</summary>
    public Task<ArtifactFile?> RentAsync(ServableModel model, CancellationToken cancellationToken) =>
        IsKept(model) ? files.TryRentDerivedAsync(KeyOf(model), cancellationToken) : Task.FromResult<ArtifactFile?>(null);

    /// <summary>Loads a model from its graph, which must stay rented as long as the session lives; null when ONNX Runtime refuses the file, which is deleted.</summary>
    public InferenceSession? TryBuild(ServableModel model, ThreadChoice threads, ArtifactFile graph)
    {
        try
        {
            using var options = SessionBuilder.Options(model, threads);
            options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL;
            options.AddSessionConfigEntry("session.load_model_format", "ORT");
            options.AddSessionConfigEntry("session.use_memory_mapped_ort_model", "1");
            options.AddSessionConfigEntry("session.use_ort_model_bytes_for_initializers", "1");
            return new InferenceSession(graph.Path, options);
        }
        catch (OnnxRuntimeException)
        {
            var key = KeyOf(model);
            _refused[key] = true;
            files.RemoveDerived(key);
            return null;
        }
    }

    /// <summary>Loads a model from its own file, and keeps its graph if that is worthwhile.</summary>
    public async Task<InferenceSession> BuildAsync(ServableModel model, ThreadChoice threads, string path, CancellationToken cancellationToken)
    {
        if (!IsKept(model))
            return SessionBuilder.Build(model, path, threads);
        var key = KeyOf(model);
        if (_refused.ContainsKey(key))
            return SessionBuilder.Build(model, path, threads);
        var unfinished = files.NewDerived(key);
        InferenceSession? session = null;
        try
        {
            using (var options = SessionBuilder.Options(model, threads))
            {
                options.OptimizedModelFilePath = unfinished;
                options.AddSessionConfigEntry("session.save_model_format", "ORT");
                session = new InferenceSession(path, options);
            }

            await files.AddDerivedAsync(key, unfinished, cancellationToken);
            return session;
        }
        // It cannot be written: the disk is full, or the graph has more than the 2 GB of a file, or something that the format has not. Or the model itself fails, again.
        catch (Exception exception) when (exception is OnnxRuntimeException or IOException or UnauthorizedAccessException)
        {
            _refused[key] = true;
            return session ?? SessionBuilder.Build(model, path, threads);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    // Not of models of several files, whose data ONNX Runtime maps into memory from their own files and would copy into the graph; nor of those that depend on another library too.
    private static bool IsKept(ServableModel model) =>
        model.Bytes >= LeastBytes && model.Files.Count == 0 && !model.Description.UsesExtensions && model.Settings.Session.Optimization != "none";

    // Everything that the graph depends on.
    private static string KeyOf(ServableModel model) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"optimized graph\n{model.Sha256}\n{model.Settings.Session.Optimization}\n{OrtEnv.Instance().GetVersionString()}\n{Machine}")));

    // What ONNX Runtime chooses layouts and kernels by.
    private static IEnumerable<string> Features()
    {
        yield return RuntimeInformation.ProcessArchitecture.ToString();
        (string Name, bool IsSupported)[] features =
        [
            ("avx", Avx.IsSupported), ("avx2", Avx2.IsSupported), ("fma", Fma.IsSupported), ("avxvnni", AvxVnni.IsSupported),
            ("avx512f", Avx512F.IsSupported), ("avx512bw", Avx512BW.IsSupported), ("avx512vbmi", Avx512Vbmi.IsSupported),
            ("neon", AdvSimd.IsSupported), ("dotprod", Dp.IsSupported),
        ];
        foreach (var (name, isSupported) in features)
        {
            if (isSupported)
                yield return name;
        }
    }
}

/// <summary>Where a model's sessions come from: its optimised graph, or its own file, which is fetched if it is needed.</summary>
internal sealed class SessionSource(ArtifactFileCache files, OptimizedGraphs graphs, ServableModel model) : IDisposable
{
    private ArtifactFile? _graph;
    private ArtifactFile? _file;

    /// <summary>Provides the file that the first session needs.</summary>
    /// <exception cref="ArtifactCorruptException">What was fetched has not the model's SHA-256.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        _graph = await graphs.RentAsync(model, cancellationToken);
        if (_graph is null)
            await RentFileAsync(cancellationToken);
    }

    /// <summary>Opens a session.</summary>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the model.</exception>
    public async Task<OpenedSession> OpenAsync(ThreadChoice threads, CancellationToken cancellationToken)
    {
        // The session before this one may have left it.
        _graph ??= await graphs.RentAsync(model, cancellationToken);
        if (_graph is not null && graphs.TryBuild(model, threads, _graph) is { } session)
            return new OpenedSession(session, _graph.Share());
        _graph?.Dispose();
        _graph = null;
        var file = await RentFileAsync(cancellationToken);
        return new OpenedSession(await graphs.BuildAsync(model, threads, file.Path, cancellationToken), model.Files.Count > 0 ? file.Share() : null);
    }

    /// <summary>Marks the model's own file as suspect.</summary>
    public void Distrust() => _file?.Distrust();

    public void Dispose()
    {
        _graph?.Dispose();
        _file?.Dispose();
    }

    private async Task<ArtifactFile> RentFileAsync(CancellationToken cancellationToken) =>
        _file ??= await files.RentAsync(model.Sha256, model.Bytes, model.Files, cancellationToken);
}

/// <summary>A session, with the file that ONNX Runtime keeps mapped into memory for as long as it lives; null where there is none.</summary>
internal readonly record struct OpenedSession(InferenceSession Session, ArtifactFile? Mapped) : IDisposable
{
    public void Dispose()
    {
        Session?.Dispose();
        Mapped?.Dispose();
    }
}
