using Larder.Testing;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Larder.Fuzz.Tests;

/// <summary>
/// Mutated inputs for every parser: two seconds for each, with the same seed always; ten minutes and a seed of the clock's with LARDER_LONG_TESTS=1.
/// LARDER_FUZZ_SEED and LARDER_FUZZ_SECONDS say otherwise, LARDER_FUZZ_FOLDER where the inputs go that break one.
/// </summary>
public sealed class FuzzTests(TargetsFixture targets) : IClassFixture<TargetsFixture>
{
    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("LARDER_FUZZ_SEED"), out var seed) ? seed : LongTests.Choose(brief: 1, full: Environment.TickCount);

    private static double Seconds => double.TryParse(Environment.GetEnvironmentVariable("LARDER_FUZZ_SECONDS"), out var seconds) ? seconds : LongTests.Choose(brief: 2, full: 600);

    public static TheoryData<string> Names => new(Targets.Parsers);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_parser_accepts_or_refuses_whatever_it_is_given(string name)
    {
        var target = targets.Targets.All.Single(one => one.Name == name);
        var found = Path.Combine(AppContext.BaseDirectory, "Found", name);
        if (Directory.Exists(found))
            target = target with { Seeds = [.. target.Seeds, .. Directory.GetFiles(found).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)] };

        var report = new Fuzzer(target, Seed, TargetsFixture.Folder).Run(TimeSpan.FromSeconds(Seconds));

        targets.Print(report);
        Assert.True(report.Fault is null, report.ToString());
        // Otherwise the mutations are too coarse to get past the first byte, or the seeds are wrong.
        Assert.True((report.Accepted > 0 || target.IsSeveral) && report.Features > 2, report.ToString());
    }

    [Fact]
    public void Every_parser_is_listed() =>
        Assert.Equal(targets.Targets.All.Select(target => target.Name).Order(), Targets.Parsers.Order());
}

/// <summary>The parsers, made once.</summary>
public sealed class TargetsFixture(IMessageSink sink) : IAsyncLifetime
{
    internal static string Folder => Environment.GetEnvironmentVariable("LARDER_FUZZ_FOLDER") ?? Path.Combine(AppContext.BaseDirectory, "reproducers");

    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("larder-fuzz-");

    internal Targets Targets { get; private set; } = null!;

    /// <summary>Prints a report, also where the test passes.</summary>
    internal void Print(FuzzReport report) => sink.OnMessage(new DiagnosticMessage(report.ToString()));

    public async Task InitializeAsync() => Targets = await Targets.CreateAsync(_files.FullName);

    public async Task DisposeAsync()
    {
        await Targets.DisposeAsync();
        _files.Delete(recursive: true);
    }
}
