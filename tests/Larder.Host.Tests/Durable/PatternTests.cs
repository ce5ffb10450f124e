using Larder.Host.Tests.Durable.Support;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Larder.Host.Tests.Durable;

/// <summary>The patterns of the official documentation.</summary>
public sealed class PatternTests(HostFixture<PatternTests.Functions> fixture) : IClassFixture<HostFixture<PatternTests.Functions>>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private DurableHost Host => fixture.Host;

    public sealed record Eternal(int Generation, int Last, int Sum);

    public sealed class Functions
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
        public static async Task<int> FanOut([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var parts = Enumerable.Range(1, context.GetInput<int>()).Select(i => context.CallActivityAsync<int>("Square", i));
            return (await Task.WhenAll(parts)).Sum();
        }

        [Function("Square")]
        public static async Task<int> Square([ActivityTrigger] int number)
        {
            await Task.Yield();
            return number * number;
        }

        [Function("Monitor")]
        public static async Task<string> Monitor([OrchestrationTrigger] TaskOrchestrationContext context, int looksNeeded)
        {
            for (var looks = 1; ; looks++)
            {
                context.SetCustomStatus($"look {looks}");
                if (await context.CallActivityAsync<bool>("IsDone", new[] { looks, looksNeeded }))
                    return $"{looks} looks";
                await context.CreateTimer(Second, CancellationToken.None);
            }
        }

        [Function("IsDone")]
        public static bool IsDone([ActivityTrigger] int[] looks) => looks[0] == looks[1];

        [Function("Approval")]
        public static async Task<string> Approval([OrchestrationTrigger] TaskOrchestrationContext context, int seconds)
        {
            try
            {
                return await context.WaitForExternalEvent<bool>("approve", seconds * Second) ? "approved" : "rejected";
            }
            catch (TaskCanceledException)
            {
                return "escalated";
            }
        }

        [Function("CallChild")]
        public static Task<string> CallChild([OrchestrationTrigger] TaskOrchestrationContext context, int number) =>
            context.CallSubOrchestratorAsync<string>("Child", number, new TaskOptions().WithInstanceId($"{context.InstanceId}:child"));

        [Function("Child")]
        public static async Task<string> Child([OrchestrationTrigger] TaskOrchestrationContext context, int number) =>
            $"{context.Parent!.Name.Name} {context.Parent.InstanceId} {await context.CallActivityAsync<int>("Square", number)}";

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

        [Function("Race")]
        public static async Task<string> Race([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            using var cancellation = new CancellationTokenSource();
            var slow = context.CreateTimer(TimeSpan.FromDays(20), cancellation.Token);
            var quick = context.CallActivityAsync<int>("Next", 1);
            var winner = await Task.WhenAny(slow, quick);
            cancellation.Cancel();
            return winner == quick && slow.IsCanceled ? "quick" : "slow";
        }

        [Function("Large")]
        public static async Task<string> Large([OrchestrationTrigger] TaskOrchestrationContext context, string text) =>
            await context.CallActivityAsync<string>("Append", text) + await context.WaitForExternalEvent<string>("more");

        [Function("StartAnother")]
        public static Task<string> StartAnother([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync<string>("Starter", "b");

        [Function("Starter")]
        public static Task<string> Starter([ActivityTrigger] string text, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
            client.ScheduleNewOrchestrationInstanceAsync("Chain", text, cancellationToken);
    }

    [Fact]
    public async Task Activities_are_chained()
    {
        var end = await Host.RunAsync("Chain", "a");

        Assert.Equal(OrchestrationRuntimeStatus.Completed, end.RuntimeStatus);
        Assert.Equal("a1;2;3;", end.ReadOutputAs<string>());
        Assert.Equal("a", end.ReadInputAs<string>());
    }

    [Fact]
    public async Task Fifty_activities_fan_out_and_in()
    {
        var end = await Host.RunAsync("FanOut", 50);

        Assert.Equal(Enumerable.Range(1, 50).Sum(i => i * i), end.ReadOutputAs<int>());
    }

    [Fact]
    public async Task Fifty_orchestrations_run_at_once()
    {
        var ends = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Host.RunAsync("Chain", $"{i}:")));

        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i}:1;2;3;"), ends.Select(end => end.ReadOutputAs<string>()));
    }

    [Fact]
    public async Task A_monitor_looks_again_when_its_timers_fire()
    {
        var end = await Host.RunAsync("Monitor", 3);

        Assert.Equal("3 looks", end.ReadOutputAs<string>());
        Assert.Equal("look 3", end.ReadCustomStatusAs<string>());
    }

    [Fact]
    public async Task Who_answers_in_time_decides()
    {
        var id = await Host.BeginAsync("Approval", input: 600);
        await Host.Client.RaiseEventAsync(id, "Approve", true);

        Assert.Equal("approved", (await Host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Who_does_not_answer_in_time_does_not_decide()
    {
        Assert.Equal("escalated", (await Host.RunAsync("Approval", 1)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_orchestration_calls_another_which_knows_its_caller()
    {
        var end = await Host.RunAsync("CallChild", 5);

        Assert.Equal($"CallChild {end.InstanceId} 25", end.ReadOutputAs<string>());
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await Host.Client.GetInstanceAsync($"{end.InstanceId}:child"))!.RuntimeStatus);
    }

    [Fact]
    public async Task An_orchestration_begins_anew_and_its_history_with_it()
    {
        var end = await Host.RunAsync("Eternal", new Eternal(0, 20, 0));

        Assert.Equal(new Eternal(20, 20, 210), end.ReadOutputAs<Eternal>());
        Assert.InRange((await Host.Client.GetOrchestrationHistoryAsync(end.InstanceId)).Count, 1, 10);
    }

    [Fact]
    public async Task A_timer_that_lost_a_race_and_was_cancelled_holds_nothing_up()
    {
        Assert.Equal("quick", (await Host.RunAsync("Race")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Large_inputs_results_events_and_outputs_come_back_whole()
    {
        var (text, more) = (new string('ä', 300_000), new string('b', 300_000));
        var id = await Host.BeginAsync("Large", input: text);
        await Host.Client.RaiseEventAsync(id, "more", more);

        var end = await Host.EndOf(id);

        Assert.Equal(text, end.ReadInputAs<string>());
        Assert.Equal($"{text};{more}", end.ReadOutputAs<string>());
    }

    [Fact]
    public async Task Functions_get_a_client()
    {
        var started = (await Host.RunAsync("StartAnother")).ReadOutputAs<string>()!;

        Assert.Equal("b1;2;3;", (await Host.EndOf(started)).ReadOutputAs<string>());
    }
}
