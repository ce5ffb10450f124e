using Larder.Inference.Limits;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Memory;

/// <summary>
/// The process's one ONNX Runtime environment, and the memory that runs share: an arena with a maximum, for intermediate values and
/// outputs of all models. A run that needs more fails alone. Weights are not in the arena, nor what operators allocate by themselves: strings, sequences and maps.
/// </summary>
internal sealed class OnnxEnvironment
{
    /// <summary>Outputs larger than this count as holders of arena memory.</summary>
    public const long LargeBytes = 1 << 20;

    // Regions have the requested size, so that the memory of a large tensor can be returned when it is free, and no more is taken.
    private const int ExtendAsRequested = 1;
    private const int DefaultSize = -1;

    // A free chunk is split if it is larger than requested by more than this.
    private const int MostSpareBytes = 1 << 20;

    // The model y = x, one float: a run of it with an option is the only way to shrink the arena from C#.
    private static readonly byte[] Identity = Convert.FromHexString(
        "0808420210113A3B120567726170685A0F0A0178120A0A08080112040A020801620F0A0179120A0A08080112040A0208010A100A017812017922084964656E74697479");

    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(10);
    private static readonly Lock Gate = new();
    private static readonly Lazy<OrtEnv> Own = new(() =>
    {
        NativeHeap.ReturnLargeBlocks();
        return Make(Environment.ProcessorCount);
    });

    private static OnnxEnvironment? Shared;
    private static volatile bool HasThreads;

    private readonly InferenceSession _session;
    private readonly RunOptions _shrinking = new();
    private readonly OrtValue _one = OrtValue.CreateTensorValueFromMemory(new float[1], [1]);
    private readonly Timer _timer;
    private int _holders;
    private bool _used;

    private OnnxEnvironment(long runBytes)
    {
        RunBytes = runBytes;
        using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        using var arena = new OrtArenaCfg(checked((uint)runBytes), ExtendAsRequested, DefaultSize, MostSpareBytes);
        Own.Value.CreateAndRegisterAllocator(memory, arena);
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        UseArena(options);
        _session = new InferenceSession(Identity, options);
        _shrinking.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
        _timer = new Timer(static environment => ((OnnxEnvironment)environment!).ShrinkAfterUse(), this, TrimInterval, TrimInterval);
    }

    /// <summary>Most bytes of all runs together.</summary>
    public long RunBytes { get; }

    /// <summary>Whether a single run, or the outputs of one, is the only holder of memory now.</summary>
    public bool HasOneHolder => Volatile.Read(ref _holders) <= 1;

    /// <summary>ONNX Runtime's environment itself, without the arena: enough for the sandbox, whose memory the operating system limits.</summary>
    /// <param name="threads">Threads that sessions of several threads share, the caller's among them.</param>
    public static OrtEnv Make(int threads)
    {
        // Waiting threads would spin: faster alone, but in a server they take the cores from other models.
        using var pool = new OrtThreadingOptions { GlobalIntraOpNumThreads = threads, GlobalInterOpNumThreads = 1, GlobalSpinControl = false };
        // Failures are exceptions; ONNX Runtime would also print them.
        var options = new EnvironmentCreationOptions { logId = "Larder", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, threadOptions = pool };
        try
        {
            var environment = OrtEnv.CreateInstanceWithOptions(ref options);
            HasThreads = true;
            return environment;
        }
        catch (OnnxRuntimeException) when (OrtEnv.IsCreated)
        {
            // Another part of the process has made it.
            return OrtEnv.Instance();
        }
    }

    /// <summary>Loads ONNX Runtime's library and makes what does not depend on the maximum. If that fails, <see cref="Open"/> tells why.</summary>
    public static void Prepare() => _ = Own.Value;

    /// <summary>The process's environment. The first call sets the maximum.</summary>
    /// <param name="runBytes">Most bytes of all runs together.</param>
    /// <exception cref="InvalidOperationException">The environment exists with another maximum.</exception>
    public static OnnxEnvironment Open(long runBytes)
    {
        lock (Gate)
        {
            Shared ??= new OnnxEnvironment(runBytes);
            return Shared.RunBytes == runBytes
                ? Shared
                : throw new InvalidOperationException($"ONNX Runtime's runs have {Shared.RunBytes} bytes in this process, which cannot be changed to {runBytes}.");
        }
    }

    /// <summary>A run begins, or large outputs are kept.</summary>
    public void Begin() => Interlocked.Increment(ref _holders);

    /// <summary>The run has ended, or the outputs are freed.</summary>
    public void End()
    {
        Interlocked.Decrement(ref _holders);
        // Read first: a write would invalidate the cache line of all other cores.
        if (!Volatile.Read(ref _used))
            Volatile.Write(ref _used, true);
    }

    /// <summary>Makes the runs of a session use the arena, but not its weights, which count against <see cref="InferenceLimits.LoadedBytes"/>.</summary>
    public static void UseArena(SessionOptions options)
    {
        options.AddSessionConfigEntry("session.use_env_allocators", "1");
        options.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1");
    }

    /// <summary>Makes the runs of a session use the threads that all sessions share; its own, where another part of the process has made the environment.</summary>
    public static void ShareThreads(SessionOptions options)
    {
        if (HasThreads)
            options.DisablePerSessionThreads();
    }

    /// <summary>Returns unused memory to the system. Runs may go on meanwhile.</summary>
    public void Shrink()
    {
        try
        {
            _session.Run(_shrinking, ["x"], [_one], ["y"]).Dispose();
        }
        catch (OnnxRuntimeException)
        {
            // The arena is full, so there is nothing to return.
        }
    }

    // Not after each run, since every run would have to allocate again.
    private void ShrinkAfterUse()
    {
        if (!Volatile.Read(ref _used))
            return;
        Volatile.Write(ref _used, false);
        Shrink();
    }
}
