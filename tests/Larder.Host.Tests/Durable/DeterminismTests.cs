using Larder.Testing;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests.Durable;

/// <summary>Code that does not do again what it did, or awaits what it must not, is found out.</summary>
public sealed class DeterminismTests(Azurite azurite) : IClassFixture<Azurite>
{
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    /// <summary>The code with which an instance begins.</summary>
    public static class Before
    {
        [Function("Job")]
        public static async Task<string> Job([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("First");
            await Task.WhenAny(context.CallActivityAsync("Second"), context.CreateTimer(second, CancellationToken.None));
            context.SendEvent("somebody", "hello", 1);
            await context.WaitForExternalEvent<int>("go");
            return "before";
        }

        [Function("First")]
        public static void First([ActivityTrigger] string? input)
        {
        }

        [Function("Second")]
        public static void Second([ActivityTrigger] string? input)
        {
        }
    }

    public static class SameDecisions
    {
        [Function("Job")]
        public static async Task<string> Job([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("first", "another input");
            await Task.WhenAny(context.CallActivityAsync("Second"), context.CreateTimer(2 * second, CancellationToken.None));
            context.SendEvent("somebody else", "hello", 2);
            await context.WaitForExternalEvent<int>("go");
            return "after";
        }
    }

    public static class AnotherName
    {
        [Function("Job")]
        public static async Task Job([OrchestrationTrigger] TaskOrchestrationContext context) => await context.CallActivityAsync("Prepare");
    }

    public static class AnotherKind
    {
        [Function("Job")]
        public static async Task Job([OrchestrationTrigger] TaskOrchestrationContext context) => await context.CallSubOrchestratorAsync("First");
    }

    public static class AnotherOrder
    {
        [Function("Job")]
        public static async Task Job([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("First");
            await Task.WhenAny(context.CreateTimer(second, CancellationToken.None), context.CallActivityAsync("Second"));
        }
    }

    public static class OneLess
    {
        [Function("Job")]
        public static async Task Job([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("First");
            await Task.WhenAny(context.CallActivityAsync("Second"), context.CreateTimer(second, CancellationToken.None));
            await context.WaitForExternalEvent<int>("go");
        }
    }

    public static class OneMore
    {
        [Function("Job")]
        public static async Task Job([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await Task.WhenAll(context.CallActivityAsync("First"), context.CallActivityAsync("Check"));
        }
    }

    public static class EndsEarlier
    {
        [Function("Job")]
        public static async Task Job([OrchestrationTrigger] TaskOrchestrationContext context) => await context.CallActivityAsync("First");
    }

    [Theory]
    [InlineData(typeof(AnotherName), "step #0 was activity 'First'", "came to activity 'Prepare' there")]
    [InlineData(typeof(AnotherKind), "step #0 was activity 'First'", "came to orchestrator 'First' there")]
    [InlineData(typeof(AnotherOrder), "step #1 was activity 'Second'", "came to a timer for")]
    [InlineData(typeof(OneLess), "step #3 was event 'hello' to instance 'somebody'", "came to nothing there")]
    [InlineData(typeof(OneMore), "step #1 was nothing yet", "came to activity 'Check' there")]
    [InlineData(typeof(EndsEarlier), "step #1 was activity 'Second'", "came to nothing there")]
    public async Task Code_that_was_changed_under_a_running_instance_fails_it_with_both_decisions_named(Type changed, string then, string now)
    {
        var end = await ChangeCode(changed);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Equal("DurableTask.Core.Exceptions.NonDeterministicOrchestrationException", end.FailureDetails!.ErrorType);
        Assert.StartsWith("Orchestrator 'Job' is not deterministic: according to its history, " + then, end.FailureDetails.ErrorMessage);
        Assert.Contains("but its code, run again, " + now, end.FailureDetails.ErrorMessage);
    }

    [Fact]
    public async Task Code_may_change_as_long_as_it_decides_the_same()
    {
        var end = await ChangeCode(typeof(SameDecisions));

        Assert.Equal("after", end.ReadOutputAs<string>());
    }

    private async Task<OrchestrationMetadata> ChangeCode(Type changed)
    {
        var hub = DurableHost.NewHubName();
        string id;
        await using (var first = await DurableHost.StartAsync(azurite, hub, [typeof(Before)]))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Job");
            await first.HistoryOf(id, history => history.SelectMany(episode => episode.Decisions).Any(decision => decision.Name == "hello"));
        }

        await using var second = await DurableHost.StartAsync(azurite, hub, [changed]);
        await second.Client.RaiseEventAsync(id, "go", 1);
        return await second.EndOf(id);
    }

    public sealed class Impure
    {
        private static int ticks;

        [Function("Random")]
        public static async Task ByRandom([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var names = new[] { "Even", "Odd" };
            await context.CallActivityAsync(names[Interlocked.Increment(ref ticks) % 2]);
            await context.CallActivityAsync("Even");
        }

        [Function("Even")]
        public static void Even([ActivityTrigger] string? input)
        {
        }

        [Function("Odd")]
        public static void Odd([ActivityTrigger] string? input)
        {
        }

        [Function("Delays")]
        public static async Task Delays([OrchestrationTrigger] TaskOrchestrationContext context) => await Task.Delay(50);

        [Function("DelaysLater")]
        public static async Task DelaysLater([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("Even");
            await Task.WhenAny(Task.Delay(50), context.WaitForExternalEvent<int>("never"));
            await context.CallActivityAsync("Odd");
        }

        [Function("RunsElsewhere")]
        public static async Task RunsElsewhere([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await Task.Run(() => Thread.Sleep(50)).ConfigureAwait(false);
            await context.CallActivityAsync("Even");
        }

        [Function("LeavesItsThread")]
        public static async Task LeavesItsThread([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("Even").ConfigureAwait(false);
            await context.CallActivityAsync("Odd");
        }

        [Function("CancelsFromOutside")]
        public static async Task CancelsFromOutside([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(5));
            await context.CreateTimer(TimeSpan.FromHours(1), soon.Token);
        }

        [Function("Swallows")]
        public static async Task<string> Swallows([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            try
            {
                await Task.Run(() => Thread.Sleep(50)).ConfigureAwait(false);
                await context.CallActivityAsync("Even");
            }
            catch (InvalidOperationException)
            {
                // As if nothing had happened.
            }

            return "fine";
        }

        [Function("Loops")]
        public static void Loops([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            while (true)
                _ = context.CallActivityAsync("Even");
        }
    }

    [Fact]
    public async Task Code_that_depends_on_chance_is_found_out_at_once()
    {
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Impure)]);

        var end = await host.RunAsync("Random");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("step #0 was activity 'Odd', but its code, run again, came to activity 'Even' there.", end.FailureDetails!.ErrorMessage);
    }

    [Theory]
    [InlineData("Delays")]
    [InlineData("DelaysLater")]
    [InlineData("RunsElsewhere")]
    [InlineData("LeavesItsThread")]
    [InlineData("CancelsFromOutside")]
    [InlineData("Swallows")]
    public async Task Code_that_awaits_something_that_is_not_durable_fails(string name)
    {
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Impure)]);

        var end = await host.RunAsync(name);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.True(end.FailureDetails!.IsCausedBy<InvalidOperationException>());
        Assert.StartsWith($"Orchestrator '{name}' awaited something that is not a durable task", end.FailureDetails.ErrorMessage);
    }

    [Fact]
    public async Task Code_that_decides_without_end_fails()
    {
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Impure)]);

        var end = await host.RunAsync("Loops");

        Assert.Contains("seems to loop", end.FailureDetails!.ErrorMessage);
    }

    public static class Middled
    {
        [Function("Middled")]
        public static async Task<string> Job([OrchestrationTrigger] TaskOrchestrationContext context) => await context.CallActivityAsync<string>("Work");

        [Function("Work")]
        public static string Work([ActivityTrigger] string? input, FunctionContext context) => (string)context.Items["mark"];
    }

    [Fact]
    public async Task Middleware_runs_around_orchestrators_and_activities()
    {
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Middled)], builder => builder.UseMiddleware(async (context, next) =>
        {
            context.Items["mark"] = "by middleware";
            await next();
            if (context.FunctionDefinition.Name == "Middled")
                context.GetInvocationResult().Value += "!";
        }));

        Assert.Equal("by middleware!", (await host.RunAsync("Middled")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Middleware_that_waits_fails_orchestrators_and_not_activities()
    {
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Middled)], builder => builder.UseMiddleware(async (context, next) =>
        {
            await Task.Delay(50);
            await next();
        }));

        var end = await host.RunAsync("Middled");

        Assert.Contains("middleware", end.FailureDetails!.ErrorMessage);
    }

    public static class Replayed
    {
        [Function("Replayed")]
        public static async Task<List<string>> Job([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var seen = new List<string>();
            var logger = context.CreateReplaySafeLogger("replayed");
            for (var i = 0; i < 5; i++)
            {
                logger.LogInformation("turn {Turn}", i);
                seen.Add($"{context.NewGuid()} {context.NewGuid()} {context.CurrentUtcDateTime:O}");
                seen.Add(await context.CallActivityAsync<string>("Echo", seen[^1]));
            }

            seen.Add($"{context.IsReplaying}");
            return seen;
        }

        [Function("Echo")]
        public static string Echo([ActivityTrigger] string text) => text;
    }

    [Fact]
    public async Task Ids_times_and_logs_are_the_same_in_every_replay()
    {
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Replayed)]);

        var end = await host.RunAsync("Replayed");

        // Every second entry was recorded when it was new; the code has run six times since.
        var seen = end.ReadOutputAs<List<string>>()!;
        Assert.Equal("False", seen[^1]);
        Assert.All(Enumerable.Range(0, 5), i => Assert.Equal(seen[2 * i], seen[2 * i + 1]));
        Assert.Equal(10, Enumerable.Range(0, 5).SelectMany(i => seen[2 * i].Split(' ')[..2]).Distinct().Count());
        Assert.Equal(["turn 0", "turn 1", "turn 2", "turn 3", "turn 4"], host.Log.Entries.Where(entry => entry.Category == "replayed").Select(entry => entry.Message));
    }

    [Fact]
    public async Task The_code_of_an_ended_instance_does_not_run_again()
    {
        var hub = DurableHost.NewHubName();
        await using (var first = await DurableHost.StartAsync(azurite, hub, [typeof(Replayed)]))
            await first.RunAsync("Replayed");

        await using var second = await DurableHost.StartAsync(azurite, hub, [typeof(Replayed)]);
        await second.RunAsync("Missing");

        Assert.DoesNotContain(second.Log.Entries, entry => entry.Category == "Function.Replayed");
    }
}
