using Larder.Inference.Limits;
using Larder.Inference.Memory;
using Larder.Inference.Metrics;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Inference.Tests.Memory;

public sealed class MemoryShareTests : IDisposable
{
    private const long Most = 64 << 20;
    private const long Large = Most - (Most / 8);

    private readonly InferenceMetrics _metrics = new();
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryShare _share;

    public MemoryShareTests() => _share = new MemoryBudget(new InferenceLimits { InFlightBytes = 2 * Most, InFlightWaitSeconds = 10 }, _metrics, _time).Work;

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public async Task What_never_fits_is_refused_at_once_with_what_would()
    {
        var refusal = await Assert.ThrowsAsync<MemoryLimitException>(() => _share.TakeAsync(Large + 1, CancellationToken.None).AsTask());

        Assert.Equal("The request needs about 56 MiB of memory (work); one request may take 56 MiB (a part of Limits:InFlightBytes). Send it in smaller parts.", refusal.Message);
        Assert.Equal(0, _share.Used);
    }

    [Fact]
    public async Task What_does_not_fit_now_waits_in_order_until_it_does()
    {
        foreach (var bytes in new[] { 20 << 20, 20 << 20, 16 << 20 })
            await _share.TakeAsync(bytes, CancellationToken.None);
        var first = _share.TakeAsync(40 << 20, CancellationToken.None).AsTask();
        var second = _share.TakeAsync(1 << 20, CancellationToken.None).AsTask();
        Assert.Equal(2, _share.Waiting);

        _share.Release(20 << 20);
        Assert.False(first.IsCompleted || second.IsCompleted);
        _share.Release(20 << 20);

        await first;
        Assert.False(second.IsCompleted);
        _share.Release(16 << 20);
        await second;
        Assert.Equal(41 << 20, _share.Used);
        Assert.Equal(0, _share.Waiting);
    }

    [Fact]
    public async Task Small_requests_never_wait_for_large_ones()
    {
        await _share.TakeAsync(Large, CancellationToken.None);
        // Outputs are counted when they are there already, also beyond the limit.
        _share.Add(Most);
        var large = _share.TakeAsync(1 << 20, CancellationToken.None);

        var small = _share.TakeAsync(MemoryShare.SmallBytes, CancellationToken.None);

        Assert.True(small.IsCompletedSuccessfully);
        Assert.False(large.IsCompleted);
        _share.Release(Most);
        _share.Release(Large);
        await large;
        Assert.Equal((1 << 20) + MemoryShare.SmallBytes, _share.Used);
    }

    [Fact]
    public async Task So_many_small_requests_wait_for_each_other()
    {
        for (var i = 0; i < Most / 8 / MemoryShare.SmallBytes; i++)
            await _share.TakeAsync(MemoryShare.SmallBytes, CancellationToken.None);
        var waiting = _share.TakeAsync(1, CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);

        _share.Release(MemoryShare.SmallBytes);

        await waiting;
    }

    [Fact]
    public async Task Who_waits_too_long_is_refused_and_takes_nothing()
    {
        await _share.TakeAsync(Large, CancellationToken.None);
        var waiting = _share.TakeAsync(2 << 20, CancellationToken.None).AsTask();

        _time.Advance(TimeSpan.FromSeconds(10));

        var refusal = await Assert.ThrowsAsync<MemoryBusyException>(() => waiting);
        Assert.Equal("The server holds as many bytes of requests as it may (56 MiB of work, a part of Limits:InFlightBytes), and there was no room for 2 MiB more within 10 s. Try again later.", refusal.Message);
        Assert.Equal((Large, 0), (_share.Used, _share.Waiting));
    }

    [Fact]
    public async Task Who_is_cancelled_takes_nothing_and_those_behind_go_on()
    {
        using var cancellation = new CancellationTokenSource();
        await _share.TakeAsync(Large - (1 << 20), CancellationToken.None);
        var cancelled = _share.TakeAsync(2 << 20, cancellation.Token).AsTask();
        var behind = _share.TakeAsync(1 << 20, CancellationToken.None).AsTask();
        Assert.False(behind.IsCompleted);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await behind;
        Assert.Equal(Large, _share.Used);
    }

    [Fact]
    public async Task However_many_come_at_once_the_limit_holds_and_nothing_is_lost()
    {
        var highest = 0L;
        await Task.WhenAll(Enumerable.Range(0, 32).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            for (var i = 0; i < 500; i++)
            {
                var bytes = random.NextInt64(1, 20 << 20);
                await _share.TakeAsync(bytes, CancellationToken.None);
                Interlocked.Exchange(ref highest, Math.Max(Interlocked.Read(ref highest), _share.Used));
                if (i % 16 == 0)
                    await Task.Yield();
                _share.Release(bytes);
            }
        })));

        Assert.InRange(highest, 1, Most);
        Assert.Equal((0, 0), (_share.Used, _share.Waiting));
    }

    [Fact]
    public void Taking_what_is_free_allocates_nothing()
    {
        for (var i = 0; i < 100; i++)
            TakeAndRelease();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            TakeAndRelease();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void TakeAndRelease()
        {
            Assert.True(_share.TakeAsync(1000, CancellationToken.None).IsCompletedSuccessfully);
            _share.Release(1000);
        }
    }
}
