using Larder.Inference.Limits;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Inference.Memory;

/// <summary>
/// ONNX Runtime's environment, of which a process has one, and the memory that its runs share: an arena with a maximum, for intermediate values and
/// outputs of every model. A run that wants more fails, and nothing else does. Weights are not in it, nor what operators allocate by themselves: strings, sequences and maps.
/// </summary>
internal sealed class OnnxEnvironment
{
    /// <summary>From here on outputs are worth knowing of when memory is short.</summary>
    public const long LargeBytes = 1 << 20;

    // Regions as large as asked for: what a large tensor needed can be given back when it is free, and nothing is taken beyond it.
    private const int ExtendAsRequested = 1;
    private const int DefaultSize = -1;

    // Of a free chunk that is larger than asked for, what is more than this is left for others.
    private const int MostSpareBytes = 1 << 20;

    // y = x, one float: a run that needs nothing, and may ask for what no run needs any more to be given back. The arena has no other way to be asked from C#.
    private static readonly byte[] Identity = Convert.FromHexString(
        "0808420210113A3B120567726170685A0F0A0178120A0A08080112040A020801620F0A0179120A0A08080112040A0208010A100A017812017922084964656E74697479");

    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(10);
    private static readonly Lock Gate = new();
    private static OnnxEnvironment? Shared;

    private readonly InferenceSession _session;
    private readonly RunOptions _shrinking = new();
    private readonly OrtValue _one = OrtValue.CreateTensorValueFromMemory(new float[1], [1]);
    private readonly Timer _timer;
    private int _holders;
    private bool _used;

    private OnnxEnvironment(long runBytes)
    {
        RunBytes = runBytes;
        var environment = Make();
        using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        using var arena = new OrtArenaCfg(checked((uint)runBytes), ExtendAsRequested, DefaultSize, MostSpareBytes);
        environment.CreateAndRegisterAllocator(memory, arena);
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        UseArena(options);
        _session = new InferenceSession(Identity, options);
        _shrinking.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
        _timer = new Timer(static environment => ((OnnxEnvironment)environment!).ShrinkAfterUse(), this, TrimInterval, TrimInterval);
    }

    /// <summary>What all runs may take together.</summary>
    public long RunBytes { get; }

    /// <summary>Whether a single run, or what one has given, is all that holds memory now.</summary>
    public bool HasOneHolder => Volatile.Read(ref _holders) <= 1;

    /// <summary>ONNX Runtime's environment itself, without the arena: all that the trial process needs, whose memory the system limits.</summary>
    public static OrtEnv Make()
    {
        var environment = OrtEnv.Instance();
        // Failures are exceptions; ONNX Runtime would also print them.
        environment.EnvLogLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;
        return environment;
    }

    /// <summary>The process's environment. The first call decides about its memory.</summary>
    /// <param name="runBytes">What all runs may take together.</param>
    /// <exception cref="InvalidOperationException">It has another maximum already.</exception>
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
        // Read first: a write would take the line from all other cores.
        if (!Volatile.Read(ref _used))
            Volatile.Write(ref _used, true);
    }

    /// <summary>Has a session's runs take their memory from the arena, and its weights not: these are counted by <see cref="InferenceLimits.LoadedBytes"/>.</summary>
    public static void UseArena(SessionOptions options)
    {
        options.AddSessionConfigEntry("session.use_env_allocators", "1");
        options.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1");
    }

    /// <summary>Gives back what nothing is in. Runs go on meanwhile.</summary>
    public void Shrink()
    {
        try
        {
            _session.Run(_shrinking, ["x"], [_one], ["y"]).Dispose();
        }
        catch (OnnxRuntimeException)
        {
            // Not even this has room: then there is nothing to give back.
        }
    }

    // Not after each run: every one would have to take its memory anew.
    private void ShrinkAfterUse()
    {
        if (!Volatile.Read(ref _used))
            return;
        Volatile.Write(ref _used, false);
        Shrink();
    }
}
