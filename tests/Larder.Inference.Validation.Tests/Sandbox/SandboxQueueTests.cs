using Larder.Inference.Validation.Sandbox;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.Sandbox;

/// <summary>Whose model is tried next.</summary>
public sealed class SandboxQueueTests
{
    private readonly List<string> _begun = [];

    [Fact]
    public async Task Callers_take_turns_and_the_models_of_one_keep_their_order()
    {
        var queue = new SandboxQueue(slots: 1, maxWaiting: 100, maxWaitingOfCaller: 100);
        var running = await queue.EnterAsync("many", default);
        var all = new[] { "many 1", "many 2", "many 3", "one 1", "few 1", "few 2" }.Select(name => RunAsync(queue, name)).ToList();

        running.Dispose();
        await Task.WhenAll(all);

        Assert.Equal(["many 1", "one 1", "few 1", "many 2", "few 2", "many 3"], _begun);
    }

    [Fact]
    public async Task No_caller_has_all_slots()
    {
        var queue = new SandboxQueue(slots: 3, maxWaiting: 100, maxWaitingOfCaller: 100);
        var two = new[] { await queue.EnterAsync("many", default), await queue.EnterAsync("many", default) };
        var third = queue.EnterAsync("many", default);

        using var other = await queue.EnterAsync("other", default);
        Assert.False(third.IsCompleted);

        two[0].Dispose();
        (await third).Dispose();
        two[1].Dispose();
    }

    [Fact]
    public async Task A_slot_is_given_back_once_however_often_it_is_disposed()
    {
        var queue = new SandboxQueue(slots: 1, maxWaiting: 100, maxWaitingOfCaller: 100);
        var first = await queue.EnterAsync("a", default);
        first.Dispose();
        first.Dispose();

        using var second = await queue.EnterAsync("a", default);
        var third = queue.EnterAsync("b", default);

        Assert.False(third.IsCompleted);
        second.Dispose();
        (await third).Dispose();
    }

    [Fact]
    public async Task Who_gives_up_waits_no_more_and_leaves_the_turn_to_others()
    {
        var queue = new SandboxQueue(slots: 1, maxWaiting: 2, maxWaitingOfCaller: 2);
        var running = await queue.EnterAsync("a", default);
        using var cancellation = new CancellationTokenSource();
        var given = queue.EnterAsync("a", cancellation.Token);
        var other = queue.EnterAsync("b", default);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        var late = queue.EnterAsync("a", default);
        running.Dispose();

        (await other).Dispose();
        (await late).Dispose();
        using var again = await queue.EnterAsync("a", default);
    }

    [Fact]
    public async Task Only_so_many_may_wait_of_one_caller_and_of_all()
    {
        var queue = new SandboxQueue(slots: 1, maxWaiting: 3, maxWaitingOfCaller: 2);
        var running = await queue.EnterAsync("a", default);
        var waiting = new List<Task<IDisposable>> { queue.EnterAsync("a", default), queue.EnterAsync("a", default) };

        Assert.Equal(ErrorKind.TooMany, (await Assert.ThrowsAsync<ValidatorBusyException>(() => queue.EnterAsync("a", default))).Kind);
        waiting.Add(queue.EnterAsync("b", default));
        Assert.Equal(ErrorKind.Unavailable, (await Assert.ThrowsAsync<ValidatorBusyException>(() => queue.EnterAsync("c", default))).Kind);

        running.Dispose();
        while (waiting.Count > 0)
        {
            var next = await Task.WhenAny(waiting);
            waiting.Remove(next);
            (await next).Dispose();
        }

        (await queue.EnterAsync("c", default)).Dispose();
    }

    [Fact]
    public async Task However_callers_come_and_go_no_slot_is_lost_and_none_is_given_twice()
    {
        var queue = new SandboxQueue(slots: 3, maxWaiting: 1000, maxWaitingOfCaller: 1000);
        var (inside, most) = (0, 0);
        var random = new Random(11);
        var plans = Enumerable.Range(0, 600).Select(_ => (Caller: $"{random.Next(5)}", GivesUp: random.Next(4) == 0)).ToList();

        await Task.WhenAll(plans.Select(plan => Task.Run(async () =>
        {
            using var cancellation = new CancellationTokenSource();
            var entering = queue.EnterAsync(plan.Caller, cancellation.Token);
            if (plan.GivesUp)
                await cancellation.CancelAsync();
            try
            {
                using var slot = await entering;
                var now = Interlocked.Increment(ref inside);
                InterlockedMax(ref most, now);
                await Task.Yield();
                Interlocked.Decrement(ref inside);
            }
            catch (OperationCanceledException)
            {
            }
        })));

        Assert.InRange(most, 1, 3);
        // All three are there again: of two callers, since none has all.
        using var first = await queue.EnterAsync("x", default);
        using var second = await queue.EnterAsync("x", default);
        using var third = await queue.EnterAsync("y", default);
    }

    [Fact]
    public async Task A_model_of_another_caller_is_tried_while_all_of_the_first_are_slow()
    {
        var folder = Directory.CreateTempSubdirectory("larder-fair-");
        // Two at a time. What is slow stays so for longer than this test.
        var validator = new ModelValidator(new ValidationLimits { LoadSeconds = 600, SmallLoadSeconds = 600 });
        var slow = Save("slow", OnnxModel.EndlessLoop());
        var all = Enumerable.Range(0, 8).Select(_ => validator.ValidateAsync(slow, default, "attacker")).ToList();

        var description = await validator.ValidateAsync(Save("honest", OnnxModel.Linear()), default, "honest");

        Assert.Single(description.Signature.Inputs);
        Assert.All(all, validation => Assert.False(validation.IsCompleted));
        await validator.DisposeAsync();
        foreach (var validation in all)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => validation);
        folder.Delete(recursive: true);

        string Save(string name, byte[] content)
        {
            var path = Path.Combine(folder.FullName, name);
            File.WriteAllBytes(path, content);
            return path;
        }
    }

    [Theory]
    [InlineData(257, 10)]
    [InlineData(40 << 20, 20)]
    [InlineData(200 << 20, 60)]
    [InlineData(long.MaxValue, 60)]
    public void A_small_file_has_little_time(long bytes, int seconds) => Assert.Equal(seconds, new ValidationLimits().SecondsOf(bytes));

    [Theory]
    [InlineData(8L << 30, 4L << 30, 2)]
    [InlineData(1, 4L << 30, 1)]
    [InlineData(long.MaxValue, 1, 64)]
    public void As_many_are_tried_at_once_as_memory_allows(long all, long one, int expected) =>
        Assert.Equal(expected, new ValidationLimits { SandboxTotalMemoryBytes = all, SandboxMemoryBytes = one }.SandboxSlots);

    private async Task RunAsync(SandboxQueue queue, string name)
    {
        using var slot = await queue.EnterAsync(name.Split(' ')[0], default);
        lock (_begun)
            _begun.Add(name);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
        {
            if (Interlocked.CompareExchange(ref target, value, seen) == seen)
                return;
        }
    }
}
