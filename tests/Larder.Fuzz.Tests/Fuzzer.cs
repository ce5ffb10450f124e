using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Larder.Fuzz.Tests;

/// <summary>A parser, and inputs to begin with.</summary>
/// <param name="Name">What it is called in reports, and the folder of its reproducers.</param>
/// <param name="Parse">Reads an input, and returns or refuses.</param>
/// <param name="Seeds">Inputs that it accepts, most of them.</param>
internal sealed record FuzzTarget(string Name, Action<byte[]> Parse, params byte[][] Seeds)
{
    /// <summary>Words of its language, which chance would not find.</summary>
    public IReadOnlyList<byte[]> Words { get; init; } = [];

    /// <summary>Whether an exception is one by which it refuses an input. Any other is a fault.</summary>
    public required Func<Exception, bool> IsRefusal { get; init; }

    /// <summary>Whether it is several parsers, one of which always refuses.</summary>
    public bool IsSeveral { get; init; }

    /// <summary>Bytes that it may allocate for an input.</summary>
    public long MemoryBytes { get; init; } = 64L << 20;

    /// <summary>How long it may take for an input. Far more than it needs: the machine may be busy.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest input.</summary>
    public int MaxBytes { get; init; } = 64 << 10;
}

/// <summary>What a fuzzing was.</summary>
/// <param name="Target">The parser.</param>
/// <param name="Seed">Gives the same inputs again.</param>
/// <param name="Runs">Inputs that were tried.</param>
/// <param name="Accepted">Those of them that were not refused.</param>
/// <param name="Features">Ways in which inputs ended: sentences, and orders of magnitude of memory.</param>
/// <param name="Corpus">Inputs that showed one of these first.</param>
/// <param name="Fault">What is wrong; null when nothing was found.</param>
/// <param name="Reproducer">The file with the input that shows it.</param>
internal sealed record FuzzReport(string Target, int Seed, long Runs, long Accepted, int Features, int Corpus, string? Fault = null, string? Reproducer = null)
{
    /// <inheritdoc />
    public override string ToString() =>
        $"{Target}: seed {Seed}, {Runs} runs, {Accepted} accepted, {Features} features, corpus {Corpus}{(Fault is null ? "" : $": {Fault}. The input is {Reproducer}")}";
}

/// <summary>
/// Tries mutated inputs on a parser in this process, the same ones for the same seed. An input that ends in a way that none before it did is mutated further,
/// so that refusals lead deeper. It stands in for SharpFuzz, which would rewrite the assemblies and needs a native driver.
/// </summary>
/// <param name="target">The parser.</param>
/// <param name="seed">Of the mutations.</param>
/// <param name="folder">Where reproducers go.</param>
internal sealed partial class Fuzzer(FuzzTarget target, int seed, string folder)
{
    private const int MaxCorpus = 2000;

    private const int MostWords = 40;

    // What an input allocates differs from run to run, by what the runtime does on the side: below this it would make the same seed give other inputs.
    private const int LeastCounted = 1 << 18;

    // However busy the machine is.
    private const int LeastMutated = 300;

    // That of a thread of the thread pool.
    private const int StackBytes = 1536 << 10;

    private readonly HashSet<string> _features = [];
    private readonly List<byte[]> _corpus = [.. target.Seeds];
    private readonly Lock _lock = new();
    private byte[] _input = [];
    private long _began = Stopwatch.GetTimestamp();
    private long _runs;
    private long _accepted;
    private string? _fault;
    private volatile bool _isAbandoned;

    /// <summary>Fuzzes for a while, or until a fault is found.</summary>
    public FuzzReport Run(TimeSpan time)
    {
        Directory.CreateDirectory(folder);
        // A crash of the process leaves the input behind that was being tried.
        using var current = new CurrentInput(Path.Combine(folder, $"{target.Name}-running.bin"), target.MaxBytes);
        var ends = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var thread = new Thread(() => Fuzz(ends, current), StackBytes) { IsBackground = true, Name = $"fuzz {target.Name}" };
        thread.Start();
        while (!thread.Join(TimeSpan.FromMilliseconds(100)))
        {
            byte[] input;
            lock (_lock)
            {
                if (Stopwatch.GetElapsedTime(_began) < target.Timeout)
                    continue;
                input = _input;
            }
            // The thread is left to itself: there is no way to end it. Should it go on, it ends.
            _isAbandoned = true;
            return Report($"it did not end within {target.Timeout.TotalSeconds} seconds", input);
        }
        if (_fault is not null)
            return Report(_fault, _input);
        current.Delete();
        return Report(null, []);
    }

    private FuzzReport Report(string? fault, byte[] input)
    {
        string? path = null;
        if (fault is not null)
        {
            path = Path.Combine(folder, $"{target.Name}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input))[..12]}.bin");
            File.WriteAllBytes(path, input);
        }
        return new FuzzReport(target.Name, seed, _runs, _accepted, _features.Count, _corpus.Count, fault, path);
    }

    private void Fuzz(long ends, CurrentInput current)
    {
        var mutator = new Mutator(seed, target.Words, target.MaxBytes);
        foreach (var input in target.Seeds)
            if (!Try(input, current))
                return;
        for (var mutated = 0; mutated < LeastMutated || Stopwatch.GetTimestamp() < ends; mutated++)
            if (!Try(mutator.Mutate(_corpus), current))
                return;
    }

    private bool Try(byte[] input, CurrentInput current)
    {
        current.Write(input);
        lock (_lock)
            (_input, _began) = (input, Stopwatch.GetTimestamp());
        _runs++;
        var before = GC.GetAllocatedBytesForCurrentThread();
        string feature;
        try
        {
            target.Parse(input);
            _accepted++;
            feature = "accepted";
        }
        catch (Exception exception) when (target.IsRefusal(exception))
        {
            feature = $"{exception.GetType().Name} {string.Join(' ', Word().Matches(Quoted().Replace(exception.Message, "")).Take(MostWords))}";
            if (IsSentence(exception.Message) is { } why)
                _fault = $"it refuses with a text that is no sentence for a caller, since {why}: {exception.Message}";
        }
        catch (Exception exception)
        {
            _fault = $"it threw {exception}";
            return false;
        }
        if (_isAbandoned)
            return false;
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > target.MemoryBytes)
            _fault = $"it allocated {allocated} bytes for an input of {input.Length}, and {target.MemoryBytes} is its limit";
        if (_fault is not null)
            return false;
        if (_features.Add($"{feature} {long.Log2(Math.Max(LeastCounted, allocated)) / 2}") && _corpus.Count < MaxCorpus)
            _corpus.Add(input);
        return true;
    }

    // A refusal is shown to callers and written to logs.
    private static string? IsSentence(string message) => message switch
    {
        { Length: 0 or > 4000 } => $"it has {message.Length} characters",
        _ when message.Any(char.IsControl) => "it has control characters",
        _ when message.EnumerateRunes().Any(rune => rune.Value == 0xFFFD) && !IsWellFormed(message) => "it has half of a surrogate pair",
        _ when message.Contains("System.", StringComparison.Ordinal) || message.Contains("   at ", StringComparison.Ordinal) => "it names what is inside",
        _ => null,
    };

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return false;
            i++;
        }
        return true;
    }

    // What of a sentence is the input's: what is quoted, numbers, names.
    [GeneratedRegex("'[^']*'")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(?<=^|\s)[a-z]+(?=[\s.,;:]|$)")]
    private static partial Regex Word();

    /// <summary>The input that is being tried, in a file that the operating system keeps when the process crashes.</summary>
    private sealed class CurrentInput(string path, int maxBytes) : IDisposable
    {
        private readonly System.IO.MemoryMappedFiles.MemoryMappedFile _file =
            System.IO.MemoryMappedFiles.MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, maxBytes + sizeof(int));

        private System.IO.MemoryMappedFiles.MemoryMappedViewAccessor? _view;

        /// <summary>Its length, then its bytes.</summary>
        public void Write(byte[] input)
        {
            _view ??= _file.CreateViewAccessor();
            _view.Write(0, input.Length);
            _view.WriteArray(sizeof(int), input, 0, Math.Min(input.Length, maxBytes));
        }

        public void Delete()
        {
            Dispose();
            File.Delete(path);
        }

        public void Dispose()
        {
            _view?.Dispose();
            _file.Dispose();
        }
    }
}
