using System.Buffers.Binary;

namespace Larder.Fuzz.Tests;

/// <summary>The engine finds what is wrong with parsers that are wrong on purpose.</summary>
public sealed class PlantedFaultTests : IDisposable
{
    // Found within a second or two; a busy machine may take longer.
    private static readonly TimeSpan Time = TimeSpan.FromMinutes(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("larder-fuzz-").FullName;
    private volatile bool _isOver;

    public void Dispose()
    {
        _isOver = true;
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void An_exception_that_is_no_refusal_is_found()
    {
        var report = Find(Records((kind, content) =>
        {
            // Off by one, where the record ends with its first byte.
            if (kind == 2 && content.Length > 3 && content[^1] == content[0])
                _ = content[content.Length];
        }));

        Assert.Contains(nameof(IndexOutOfRangeException), report.Fault);
        Assert.Contains("seed 7", report.ToString());
    }

    [Fact]
    public void An_input_that_never_ends_is_found()
    {
        var report = Find(Records((kind, content) =>
        {
            // A length of zero goes on to itself.
            for (var at = 0; kind == 3 && at < content.Length && !_isOver; at += content[at])
            {
            }
        }) with
        { Timeout = TimeSpan.FromSeconds(2) });

        Assert.Contains("did not end", report.Fault);
    }

    [Fact]
    public void Memory_that_an_input_only_claims_to_need_is_found()
    {
        var report = Find(Records((kind, content) =>
        {
            if (kind == 1 && content.Length >= sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(content) is > 0 and < 1 << 28 and var claimed)
                GC.KeepAlive(new byte[claimed]);
        }));

        Assert.Contains("allocated", report.Fault);
    }

    [Fact]
    public void Nothing_is_found_where_nothing_is_wrong_and_the_same_seed_gives_the_same_inputs()
    {
        var inputs = Enumerable.Range(0, 2).Select(_ =>
        {
            var seen = new List<byte[]>();
            var report = new Fuzzer(Records((_, content) => seen.Add(content.ToArray())), 7, _folder).Run(TimeSpan.FromSeconds(1));
            Assert.Null(report.Fault);
            Assert.True(report is { Runs: > 100, Accepted: > 0, Features: > 2, Corpus: > 2 }, report.ToString());
            return seen.Take(100).Select(Convert.ToHexString).ToList();
        }).ToList();

        Assert.Equal(inputs[0], inputs[1]);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    private FuzzReport Find(FuzzTarget target)
    {
        var report = new Fuzzer(target, 7, _folder).Run(Time);

        Assert.NotNull(report.Fault);
        // The reproducer alone shows it.
        var again = new Fuzzer(target with { Seeds = [File.ReadAllBytes(report.Reproducer!)] }, 1, _folder).Run(TimeSpan.Zero);
        Assert.Equal((1, report.Fault?[..10]), (again.Runs, again.Fault?[..10]));
        return report;
    }

    /// <summary>Reads records of a kind, a length and a content, behind two letters; the planted faults depend on these.</summary>
    private static FuzzTarget Records(ReadRecord planted) => new(
        "records",
        input =>
        {
            if (!input.AsSpan().StartsWith("LR"u8))
                throw new FormatException("It does not begin with LR.");
            for (var at = 2; at < input.Length;)
            {
                if (at + 2 > input.Length || at + 2 + input[at + 1] > input.Length)
                    throw new FormatException("A record ends too early.");
                if (input[at] > 4)
                    throw new FormatException("There is no such kind of record.");
                planted(input[at], input.AsSpan(at + 2, input[at + 1]));
                at += 2 + input[at + 1];
            }
        },
        "LR\u0001\u0002ab"u8.ToArray(),
        "LR\u0002\u0004abcd\u0003\u0003\u0001\u0002\u0001"u8.ToArray())
    {
        IsRefusal = exception => exception is FormatException,
    };

    private delegate void ReadRecord(byte kind, ReadOnlySpan<byte> content);
}
