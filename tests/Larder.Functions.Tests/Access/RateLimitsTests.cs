using Larder.Functions.Access;
using Larder.Functions.Hosting;
using Larder.Inference.Limits;
using Larder.Registry.Access;

namespace Larder.Functions.Tests.Access;

/// <summary>How often callers may call.</summary>
public sealed class RateLimitsTests
{
    private static readonly Caller Ada = new("ada", Role.Reader);

    [Fact]
    public void A_caller_has_a_burst_and_then_waits_and_others_do_not()
    {
        // A thousand calls take less than the thousand seconds in which as many tokens come.
        using var limits = new RateLimits(new RateOptions { PerSecond = 1, Burst = 3 });

        var first = Enumerable.Range(0, 3).Select(_ => limits.Take(Ada)).ToList();
        var then = Enumerable.Range(0, 1000).Select(_ => limits.Take(Ada)).ToList();

        Assert.Equal([0, 0, 0], first);
        Assert.Contains(1, then);
        Assert.Equal(0, limits.Take(new Caller("grace", Role.Reader)));
    }

    [Fact]
    public void Who_calls_a_server_without_keys_is_limited_only_if_a_rate_is_set()
    {
        using var byDefault = new RateLimits(new RateOptions());
        using var set = new RateLimits(new RateOptions { PerSecond = 1, Burst = 1 });
        using var off = new RateLimits(new RateOptions { PerSecond = 0 });

        Assert.DoesNotContain(Enumerable.Range(0, 5000), _ => byDefault.Take(Caller.Local) > 0);
        Assert.Contains(Enumerable.Range(0, 5000), _ => set.Take(Caller.Local) > 0);
        Assert.DoesNotContain(Enumerable.Range(0, 5000), _ => off.Take(Ada) > 0);
    }

    [Theory]
    [InlineData(-1, null)]
    [InlineData(2_000_000, null)]
    [InlineData(1, 0)]
    public void A_rate_that_is_none_is_refused(int perSecond, int? burst) =>
        Assert.Single(new FunctionSettingsValidator().Problems("Limits:Rate", new RateOptions { PerSecond = perSecond, Burst = burst }));
}
