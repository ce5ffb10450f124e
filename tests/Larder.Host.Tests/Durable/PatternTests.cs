using Larder.Testing;

namespace Larder.Host.Tests.Durable;

/// <summary>The patterns of the official documentation.</summary>
public sealed class PatternTests(Azurite azurite) : IClassFixture<Azurite>
{
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    public sealed record Eternal(int Generation, int Last, int Sum);

    public static class Functions
    {
        [Function("Chain")]
        public static async Task<string> Chain([OrchestrationTrigger] TaskOrchestrationContext context, string text)
        {
            text = await context.CallActivityAsync<string>("Append", text + "1");
            text = await context.CallActivityAsync<string>("Append", text + "2");
            return await context.CallActivityAsync<string>("Append", text + "3");
        }

        [Function("Append")]
        public static string Append([ActivityTrigger] string text) => text + ";";

        [Function("FanOut")]
        public static async Task<int> FanOut([OrchestrationTrigger] TaskOrchestrationContext context, int count)
        {
            var parts = Enumerable.Range(1, count).Select(i => context.CallActivityAsync<int>("Square", i));
            return (await Task.WhenAll(parts)).Sum();
        }

        [Function("Square")]
        public static async Task<int> Square([ActivityTrigger] int number)
        {
            await Task.Yield();
            return number * number;
        }

        /// <summary>Looks at a job until it is done, less and less often.</summary>
        [Function("Monitor")]
        public static async Task<int> Monitor([OrchestrationTrigger] TaskOrchestrationContext context, int looksNeeded)
        {
            var wait = second;
            for (var looks = 1; ; looks++)
            {
                context.SetCustomStatus($"look {looks}");
                if (await context.CallActivityAsync<bool>("IsDone", new[] { looks, looksNeeded }))
                    return looks;
                await context.CreateTimer(wait, CancellationToken.None);
                wait *= 2;
            }
        }

        [Function("IsDone")]
        public static bool IsDone([ActivityTrigger] int[] looks) => looks[0] == looks[1];

        [Function("Approval")]
        public static async Task<string> Approval([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            context.SetCustomStatus("waiting");
            try
            {
                return await context.WaitForExternalEvent<bool>("approve", 30 * second) ? "approved" : "rejected";
            }
            catch (TaskCanceledException)
            {
                return "escalated";
            }
        }

        /// <summary>Fails as often as it is told, and then works: each attempt is an orchestration of its own.</summary>
        [Function("CallFlaky")]
        public static async Task<string> CallFlaky([OrchestrationTrigger] TaskOrchestrationContext context, int attempts)
        {
            var policy = new RetryPolicy(attempts, second);
            var results = new List<string>();
            foreach (var name in new[] { "left", "right" })
            {
                results.Add(await context.CallSubOrchestratorAsync<string>(
                    "Flaky", name, TaskOptions.FromRetryPolicy(policy).WithInstanceId($"{context.InstanceId}:{name}")));
            }

            return string.Join(' ', results);
        }

        [Function("Flaky")]
        public static async Task<string> Flaky([OrchestrationTrigger] TaskOrchestrationContext context, string name)
        {
            var attempt = await context.CallActivityAsync<int>("Attempt", $"{context.InstanceId}");
            return attempt < 3 ? throw new InvalidOperationException($"attempt {attempt}") : $"{name}:{attempt}:{context.Parent!.Name}";
        }

        [Function("Eternal")]
        public static async Task<Eternal> Forever([OrchestrationTrigger] TaskOrchestrationContext context, Eternal state)
        {
            var next = await context.CallActivityAsync<int>("Next", state.Generation);
            var counted = state with { Generation = next, Sum = state.Sum + next };
            if (next < state.Last)
                context.ContinueAsNew(counted);
            return counted;
        }

        [Function("Next")]
        public static int Next([ActivityTrigger] int number) => number + 1;
    }

    public sealed class Attempts
    {
        private readonly Dictionary<string, int> attempts = [];

        [Function("Attempt")]
        public int Attempt([ActivityTrigger] string instance, FunctionContext context) => Count(context, instance);

        private static int Count(FunctionContext context, string instance)
        {
            var counts = (Attempts)context.InstanceServices.GetService(typeof(Attempts))!;
            lock (counts.attempts)
                return counts.attempts[instance] = counts.attempts.GetValueOrDefault(instance) + 1;
        }
    }

    [Fact]
    public async Task Activities_are_chained()
    {
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions)]);

        var end = await host.RunAsync("Chain", "a");

        Assert.Equal(OrchestrationRuntimeStatus.Completed, end.RuntimeStatus);
        Assert.Equal("a1;2;3;", end.ReadOutputAs<string>());
        Assert.Equal("a", end.ReadInputAs<string>());
    }

    [Fact]
    public async Task Two_hundred_activities_fan_out_and_in()
    {
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions)]);

        var end = await host.RunAsync("FanOut", 200);

        Assert.Equal(Enumerable.Range(1, 200).Sum(i => i * i), end.ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_monitor_looks_again_when_its_timers_fire()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions)], DurableHost.On(clock));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Monitor", 4);
        foreach (var seconds in new[] { 1, 3, 7 })
        {
            await clock.WhenTimerIsDue(due => due == start + seconds * second);
            clock.AdvanceTo(start + seconds * second);
        }

        var end = await host.EndOf(id);
        Assert.Equal(4, end.ReadOutputAs<int>());
        Assert.Equal("look 4", end.ReadCustomStatusAs<string>());
    }

    [Fact]
    public async Task A_person_who_answers_in_time_decides()
    {
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions)], DurableHost.On(new ManualTimeProvider()));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Approval");
        await host.Client.RaiseEventAsync(id, "Approve", true);

        Assert.Equal("approved", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_person_who_does_not_answer_in_time_does_not_decide()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions)], DurableHost.On(clock));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Approval");
        await clock.WhenTimerIsDue(due => due == start + 30 * second);
        clock.Advance(30 * second);

        Assert.Equal("escalated", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Orchestrations_call_others_and_try_those_again_that_fail()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        await using var host = await DurableHost.StartAsync(
            azurite, [typeof(Functions), typeof(Attempts)], DurableHost.On(clock), DurableHost.WithService(new Attempts()));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("CallFlaky", 3);
        for (var i = 1; i <= 4; i++)
        {
            await clock.WhenTimerIsDue(due => due == start + i * second);
            clock.Advance(second);
        }

        var end = await host.EndOf(id);
        Assert.Equal("left:3:CallFlaky right:3:CallFlaky", end.ReadOutputAs<string>());
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await host.Client.GetInstanceAsync($"{id}:left"))!.RuntimeStatus);
    }

    [Fact]
    public async Task An_orchestration_that_runs_out_of_attempts_fails_with_the_last_failure()
    {
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions), typeof(Attempts)], DurableHost.WithService(new Attempts()));

        var end = await host.RunAsync("CallFlaky", 1);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Equal("Task 'Flaky' (#0) failed with an unhandled exception: attempt 1", end.FailureDetails!.ErrorMessage);
        Assert.True(end.FailureDetails.IsCausedBy<TaskFailedException>());
        Assert.True(end.FailureDetails.InnerFailure!.IsCausedBy<InvalidOperationException>());
    }

    [Fact]
    public async Task An_orchestration_begins_anew_a_thousand_times_and_does_not_grow()
    {
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions)]);

        var end = await host.RunAsync("Eternal", new Eternal(0, 1000, 0));

        Assert.Equal(new Eternal(1000, 1000, 500_500), end.ReadOutputAs<Eternal>());
        var stored = await host.Store.Instances.ReadAsync(end.InstanceId, default);
        Assert.Equal(999, stored!.Document.Generation);
        Assert.Equal(2, stored.Document.Tail.Count);
        Assert.Empty(stored.Document.Segments);
        Assert.Empty(stored.Document.Outbox);
        Assert.Empty(await host.BlobsBelow("data/"));
    }
}
