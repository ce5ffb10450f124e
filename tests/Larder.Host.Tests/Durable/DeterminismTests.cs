using Larder.Host.Hosting;
using Larder.Host.Tests.Durable.Support;
using Larder.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests.Durable;

/// <summary>Code that does not do again what it did, or awaits what it must not, is found out.</summary>
public sealed class DeterminismTests(HostFixture<DeterminismTests.Functions> fixture) : IClassFixture<HostFixture<DeterminismTests.Functions>>
{
    private DurableHost Host => fixture.Host;

    public sealed class Functions
    {
        [Function("Even")]
        public static void Even([ActivityTrigger] string? input)
        {
        }

        [Function("Echo")]
        public static string Echo([ActivityTrigger] string text) => text;

        [Function("Delays")]
        public static async Task Delays([OrchestrationTrigger] TaskOrchestrationContext context) => await Task.Delay(50);

        [Function("DelaysLater")]
        public static async Task DelaysLater([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("Even");
            await Task.Delay(50);
            await context.CallActivityAsync("Even");
        }

        [Function("RunsElsewhere")]
        public static async Task RunsElsewhere([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await Task.Run(() => Thread.Sleep(50)).ConfigureAwait(false);
            await context.CallActivityAsync("Even");
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

        [Function("Replayed")]
        public static async Task<List<string>> Replayed([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var seen = new List<string>();
            var logger = context.CreateReplaySafeLogger("replayed");
            for (var i = 0; i < 3; i++)
            {
                logger.LogInformation("turn {Turn}", i);
                seen.Add($"{context.NewGuid()} {context.NewGuid()} {context.CurrentUtcDateTime:O}");
                seen.Add(await context.CallActivityAsync<string>("Echo", seen[^1]));
            }

            seen.Add($"{context.IsReplaying}");
            return seen;
        }
    }

    public static class Middled
    {
        [Function("Middled")]
        public static async Task<string> Job([OrchestrationTrigger] TaskOrchestrationContext context) => await context.CallActivityAsync<string>("Work");

        [Function("Work")]
        public static string Work([ActivityTrigger] string? input, FunctionContext context) => (string)context.Items["mark"];
    }

    /// <summary>The code with which an instance begins.</summary>
    public static class Before
    {
        [Function("Job")]
        public static async Task<string> Job([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("First");
            return await context.WaitForExternalEvent<string>("go");
        }

        [Function("First")]
        public static void First([ActivityTrigger] string? input)
        {
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

    public static class SameDecisions
    {
        [Function("Job")]
        public static async Task<string> Job([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("First", "another input");
            return await context.WaitForExternalEvent<string>("go") + " after";
        }
    }

    [Theory]
    [InlineData("Delays")]
    [InlineData("DelaysLater")]
    [InlineData("RunsElsewhere")]
    [InlineData("Swallows")]
    public async Task Code_that_awaits_something_that_is_not_durable_fails(string name)
    {
        var end = await Host.RunAsync(name);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Equal(
            $"System.InvalidOperationException: The orchestrator '{name}' awaited something that its context did not give it, such as Task.Delay or an HTTP call. " +
            "An orchestrator may only await the tasks of its TaskOrchestrationContext; anything else belongs into an activity.",
            end.SerializedOutput);
    }

    [Theory]
    [InlineData(typeof(AnotherName))]
    [InlineData(typeof(AnotherKind))]
    public async Task Code_that_was_changed_under_a_running_instance_fails_it(Type changed)
    {
        var end = await ChangeCodeAsync(changed);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("Non-Deterministic workflow detected", end.SerializedOutput);
    }

    [Fact]
    public async Task Code_may_change_as_long_as_it_decides_the_same()
    {
        Assert.Equal("went after", (await ChangeCodeAsync(typeof(SameDecisions))).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Middleware_runs_around_orchestrators_and_activities()
    {
        await using var host = await StartAsync(DurableHost.NewHubName(), typeof(Middled), builder => builder.UseMiddleware(async (context, next) =>
        {
            context.Items["mark"] = "by middleware";
            await next();
            if (context.FunctionDefinition.Name == "Middled")
                context.GetInvocationResult().Value += "!";
        }));

        Assert.Equal("by middleware!", (await host.RunAsync("Middled")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Middleware_that_waits_fails_orchestrators()
    {
        await using var host = await StartAsync(DurableHost.NewHubName(), typeof(Middled), builder => builder.UseMiddleware(async (_, next) =>
        {
            await Task.Delay(50);
            await next();
        }));

        var end = await host.RunAsync("Middled");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.StartsWith("System.InvalidOperationException: The orchestrator 'Middled' awaited something that its context did not give it", end.SerializedOutput);
    }

    [Fact]
    public async Task Ids_times_and_logs_are_the_same_in_every_replay()
    {
        var end = await Host.RunAsync("Replayed");

        // Every second entry was recorded when it was new; the code has run four times since.
        var seen = end.ReadOutputAs<List<string>>()!;
        Assert.Equal("False", seen[^1]);
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(seen[2 * i], seen[2 * i + 1]));
        Assert.Equal(6, Enumerable.Range(0, 3).SelectMany(i => seen[2 * i].Split(' ')[..2]).Distinct().Count());
        Assert.Equal(["turn 0", "turn 1", "turn 2"], Host.Log.Entries.Where(entry => entry.Category == "replayed").Select(entry => entry.Message));
    }

    private async Task<OrchestrationMetadata> ChangeCodeAsync(Type changed)
    {
        var hub = DurableHost.NewHubName();
        string id;
        await using (var first = await StartAsync(hub, typeof(Before)))
        {
            id = await first.BeginAsync("Job");
            await Eventually.TrueAsync(async () =>
                (await first.Client.GetOrchestrationHistoryAsync(id)).OfType<DurableTask.Core.History.TaskCompletedEvent>().Any());
        }

        await using var second = await StartAsync(hub, changed);
        await second.Client.RaiseEventAsync(id, "go", "went");
        return await second.EndOf(id);
    }

    private Task<DurableHost> StartAsync(string hub, Type functions, params Action<SelfHostBuilder>[] configure) =>
        DurableHost.StartAsync(fixture.Azurite.ConnectionString, hub, [functions], configure);
}
