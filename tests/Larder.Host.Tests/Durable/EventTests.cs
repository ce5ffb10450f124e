using Larder.Host.Tests.Durable.Support;
using Microsoft.DurableTask;

namespace Larder.Host.Tests.Durable;

/// <summary>Events, from clients and from orchestrations.</summary>
public sealed class EventTests(HostFixture<EventTests.Functions> fixture) : IClassFixture<HostFixture<EventTests.Functions>>
{
    private DurableHost Host => fixture.Host;

    public sealed record Order(string Item, int Count);

    public sealed class Functions
    {
        [Function("Collect")]
        public static async Task<string> Collect([OrchestrationTrigger] TaskOrchestrationContext context, int count)
        {
            var items = new List<string>();
            for (var i = 0; i < count; i++)
                items.Add((await context.WaitForExternalEvent<Order>("order")).Item);
            return string.Join(' ', items);
        }

        [Function("GiveUp")]
        public static async Task<string> GiveUp([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            try
            {
                await context.WaitForExternalEvent<string>("word", TimeSpan.FromSeconds(1));
            }
            catch (TaskCanceledException)
            {
                context.SetCustomStatus("gave up");
            }

            await context.WaitForExternalEvent<string>("go");
            return await context.WaitForExternalEvent<string>("word");
        }

        [Function("Ping")]
        public static async Task<string> Ping([OrchestrationTrigger] TaskOrchestrationContext context, string other)
        {
            for (var i = 1; i <= 3; i++)
            {
                context.SendEvent(other, "ping", i);
                await context.WaitForExternalEvent<int>("pong");
            }

            return "done";
        }

        [Function("Pong")]
        public static async Task<int> Pong([OrchestrationTrigger] TaskOrchestrationContext context, string other)
        {
            var sum = 0;
            for (var i = 1; i <= 3; i++)
            {
                sum += await context.WaitForExternalEvent<int>("ping");
                context.SendEvent(other, "pong", i);
            }

            return sum;
        }

        [Function("Tally")]
        public static async Task<string> Tally([OrchestrationTrigger] TaskOrchestrationContext context, string sofar)
        {
            sofar += await context.WaitForExternalEvent<string>("letter");
            if (sofar.Length == 1)
                await context.WaitForExternalEvent<string>("go");
            if (sofar.Length < 4)
                context.ContinueAsNew(sofar);
            return sofar;
        }

        [Function("Number")]
        public static Task<int> Number([OrchestrationTrigger] TaskOrchestrationContext context) => context.WaitForExternalEvent<int>("value");
    }

    [Fact]
    public async Task Events_keep_their_order_and_wait_for_who_will_wait_for_them()
    {
        var id = await Host.BeginAsync("Collect", input: 5);
        foreach (var item in "abcde")
            await Host.Client.RaiseEventAsync(id, "ORDER", new Order($"{item}", 1));

        Assert.Equal("a b c d e", (await Host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Many_events_at_once_all_arrive()
    {
        var id = await Host.BeginAsync("Collect", input: 50);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Host.Client.RaiseEventAsync(id, "order", new Order($"{i}", 1))));

        var items = (await Host.EndOf(id)).ReadOutputAs<string>()!.Split(' ').Select(int.Parse);
        Assert.Equal(Enumerable.Range(0, 50), items.Order());
    }

    [Fact]
    public async Task An_event_that_comes_after_a_wait_has_timed_out_is_not_lost()
    {
        var id = await Host.BeginAsync("GiveUp");
        await Larder.Testing.Eventually.TrueAsync(
            async () => (await Host.Client.GetInstanceAsync(id, getInputsAndOutputs: true))!.ReadCustomStatusAs<string>() == "gave up");
        await Host.Client.RaiseEventAsync(id, "word", "late");
        await Host.Client.RaiseEventAsync(id, "go", "");

        Assert.Equal("late", (await Host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Orchestrations_send_each_other_events()
    {
        var pair = $"{Guid.NewGuid():N}";
        await Host.BeginAsync("Pong", $"{pair}-pong", $"{pair}-ping");
        await Host.BeginAsync("Ping", $"{pair}-ping", $"{pair}-pong");

        Assert.Equal("done", (await Host.EndOf($"{pair}-ping")).ReadOutputAs<string>());
        Assert.Equal(6, (await Host.EndOf($"{pair}-pong")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task An_orchestration_that_begins_anew_keeps_events_that_it_has_not_seen()
    {
        var id = await Host.BeginAsync("Tally", input: "");
        foreach (var letter in "abcd")
            await Host.Client.RaiseEventAsync(id, "letter", $"{letter}");
        await Host.Client.RaiseEventAsync(id, "go", "");

        Assert.Equal("abcd", (await Host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_event_of_the_wrong_type_fails_who_waits_for_it()
    {
        var id = await Host.BeginAsync("Number");
        await Host.Client.RaiseEventAsync(id, "value", "a word");

        Assert.Contains("could not be converted", (await Host.EndOf(id)).SerializedOutput);
    }

    [Fact]
    public async Task Events_for_unknown_and_ended_instances_are_dropped()
    {
        var end = await Host.RunAsync("Collect", 0);
        await Host.Client.RaiseEventAsync(end.InstanceId, "order", new Order("late", 1));
        await Host.Client.RaiseEventAsync("unknown", "order", new Order("lost", 1));

        Assert.Equal("", (await Host.RunAsync("Collect", 0)).ReadOutputAs<string>());
        Assert.Equal(end.LastUpdatedAt, (await Host.Client.GetInstanceAsync(end.InstanceId))!.LastUpdatedAt);
        Assert.Null(await Host.Client.GetInstanceAsync("unknown"));
    }
}
