using Larder.Functions.Hosting;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Registry.Access;

namespace Larder.Functions.Tests.Jobs;

/// <summary>How many live logs there may be.</summary>
public sealed class LogStreamsTests
{
    private static readonly Caller Ada = new("ada", Role.Reader);
    private static readonly Caller Grace = new("grace", Role.Reader);

    [Fact]
    public void A_caller_has_some_and_all_callers_together_have_some_more()
    {
        var streams = new LogStreams(new LogStreamLimits { PerCaller = 2, Total = 3 });
        var first = streams.Open(Ada);
        var second = streams.Open(Ada);

        Assert.Equal(ErrorKind.TooMany, Assert.Throws<HttpStatusException>(() => streams.Open(Ada)).Kind);
        var other = streams.Open(Grace);
        Assert.Equal(ErrorKind.Unavailable, Assert.Throws<HttpStatusException>(() => streams.Open(Grace)).Kind);

        // Closed twice counts once.
        first.Dispose();
        first.Dispose();
        using var third = streams.Open(Grace);
        Assert.Throws<HttpStatusException>(() => streams.Open(new Caller("linus", Role.Reader)));
        second.Dispose();
        other.Dispose();
        using var again = streams.Open(Ada);
        using var more = streams.Open(Ada);
        Assert.Throws<HttpStatusException>(() => streams.Open(Ada));
    }

    [Fact]
    public void Limits_of_none_are_refused() =>
        Assert.Equal(2, new FunctionSettingsValidator().Problems("Limits:LogStreams", new LogStreamLimits { PerCaller = 0, Total = 0 }).Count);
}
