using Larder.Testing;

namespace Larder.Host.Tests.Durable;

/// <summary>Events, from clients and from orchestrations.</summary>
public sealed class EventTests(Azurite azurite) : IClassFixture<Azurite>
{
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    public sealed record Order(string Item, int Count);

    public static class Functions
    {
        [Function("Collect")]
        public static async Task<string> Collect([OrchestrationTrigger] TaskOrchestrationContext context, int count)
        {
            var items = new List<string>();
            for (var i = 0; i < count; i++)
                items.Add((await context.WaitForExternalEvent<Order>("order")).Item);
            return string.Join(' ', items);
        }

        /// <summary>Waits twice at once: who waited last gets the first event.</summary>
        [Function("WaitTwice")]
        public static async Task<string> WaitTwice([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var first = context.WaitForExternalEvent<string>("word");
            var second = context.WaitForExternalEvent<string>("word");
            await Task.WhenAll(first, second);
            return $"first {first.Result}, second {second.Result}";
        }

        /// <summary>Gives up waiting; an event that comes later must go to who waits then.</summary>
        [Function("GiveUp")]
        public static async Task<string> GiveUp([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            try
            {
                await context.WaitForExternalEvent<string>("word", second);
            }
            catch (TaskCanceledException)
            {
                context.SetCustomStatus("gave up");
            }

            await context.WaitForExternalEvent<string>("go");
            return await context.WaitForExternalEvent<string>("word");
        }

        [Function("CancelsItself")]
        public static async Task<string> CancelsItself([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            using var cancellation = new CancellationTokenSource();
            var word = context.WaitForExternalEvent<string>("word", TimeSpan.FromHours(1), cancellation.Token);
            await context.WaitForExternalEvent<string>("stop");
            cancellation.Cancel();
            try
            {
                return await word;
            }
            catch (TaskCanceledException)
            {
                return "cancelled";
            }
        }

        [Function("Ping")]
        public static async Task<string> Ping([OrchestrationTrigger] TaskOrchestrationContext context, string other)
        {
            for (var i = 1; i <= 3; i++)
            {
                context.SendEvent(other, "ping", i);
                await context.WaitForExternalEvent<int>("pong");
            }

            context.SendEvent("nobody", "ping", 0);
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

        [Function("Forgetful")]
        public static async Task<string> Forgetful([OrchestrationTrigger] TaskOrchestrationContext context, bool isAgain)
        {
            if (isAgain)
                return await context.WaitForExternalEvent<string>("letter");
            await context.WaitForExternalEvent<string>("go");
            context.ContinueAsNew(true, preserveUnprocessedEvents: false);
            return "";
        }

        [Function("Mixed")]
        public static async Task Mixed([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var number = context.WaitForExternalEvent<int>("value");
            await context.WaitForExternalEvent<string>("value");
            await number;
        }

        [Function("Number")]
        public static Task<int> Number([OrchestrationTrigger] TaskOrchestrationContext context) => context.WaitForExternalEvent<int>("value");
    }

    private Task<DurableHost> StartAsync() => DurableHost.StartAsync(azurite, [typeof(Functions)]);

    [Fact]
    public async Task Events_wait_in_their_order_for_the_one_who_will_wait_for_them()
    {
        await using var host = await StartAsync();

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Collect", 5, new StartOrchestrationOptions(StartAt: DateTimeOffset.UtcNow.AddSeconds(1)));
        foreach (var item in "abcde")
            await host.Client.RaiseEventAsync(id, "ORDER", new Order($"{item}", 1));

        Assert.Equal("a b c d e", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Many_events_at_once_all_arrive()
    {
        await using var host = await StartAsync();

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Collect", 100);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => host.Client.RaiseEventAsync(id, "order", new Order($"{i}", 1))));

        var items = (await host.EndOf(id)).ReadOutputAs<string>()!.Split(' ').Select(int.Parse);
        Assert.Equal(Enumerable.Range(0, 100), items.Order());
    }

    [Fact]
    public async Task Who_waited_last_gets_the_first_event()
    {
        await using var host = await StartAsync();

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("WaitTwice");
        await host.HistoryOf(id, history => history.Count == 1);
        await host.Client.RaiseEventAsync(id, "word", "one");
        await host.Client.RaiseEventAsync(id, "word", "two");

        Assert.Equal("first two, second one", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_event_that_comes_after_a_wait_has_timed_out_is_not_lost()
    {
        var clock = new ManualTimeProvider();
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions)], DurableHost.On(clock));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("GiveUp");
        var due = clock.GetUtcNow() + second;
        await clock.WhenTimerIsDue(moment => moment == due);
        clock.Advance(second);
        await host.HistoryOf(id, history => history.Count == 2);
        await host.Client.RaiseEventAsync(id, "word", "late");
        await host.Client.RaiseEventAsync(id, "go", "");

        Assert.Equal("late", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_wait_that_the_code_cancels_ends_with_its_timer()
    {
        await using var host = await StartAsync();

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("CancelsItself");
        await host.Client.RaiseEventAsync(id, "stop", "");

        Assert.Equal("cancelled", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Orchestrations_send_each_other_events()
    {
        await using var host = await StartAsync();

        var hub = $"{Guid.NewGuid():N}";
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Pong", $"{hub}-ping", new StartOrchestrationOptions($"{hub}-pong"));
        var ping = await host.RunAsync("Ping", $"{hub}-pong", new StartOrchestrationOptions($"{hub}-ping"));

        Assert.Equal("done", ping.ReadOutputAs<string>());
        Assert.Equal(6, (await host.EndOf($"{hub}-pong")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task An_orchestration_that_begins_anew_keeps_events_that_it_has_not_seen()
    {
        await using var host = await StartAsync();

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Tally", "");
        foreach (var letter in "abcd")
            await host.Client.RaiseEventAsync(id, "letter", $"{letter}");
        await host.Client.RaiseEventAsync(id, "go", "");

        Assert.Equal("abcd", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Unless_it_wants_to_forget_them()
    {
        await using var host = await StartAsync();

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Forgetful", false);
        await host.Client.RaiseEventAsync(id, "letter", "a");
        await host.Client.RaiseEventAsync(id, "go", "");
        await host.DocumentOf(id, document => document is { Generation: 1, IsFresh: false });
        await host.Client.RaiseEventAsync(id, "letter", "b");

        Assert.Equal("b", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Events_of_one_name_are_waited_for_with_one_type()
    {
        await using var host = await StartAsync();

        var end = await host.RunAsync("Mixed");

        Assert.True(end.FailureDetails!.IsCausedBy<ArgumentException>());
        Assert.Contains("'value' is waited for as System.Int32 already, and now as System.String", end.FailureDetails.ErrorMessage);
    }

    [Fact]
    public async Task An_event_of_the_wrong_type_fails_who_waits_for_it()
    {
        await using var host = await StartAsync();

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Number");
        await host.Client.RaiseEventAsync(id, "value", "a word");

        Assert.True((await host.EndOf(id)).FailureDetails!.IsCausedBy<System.Text.Json.JsonException>());
    }

    [Fact]
    public async Task Events_for_nobody_and_for_who_has_ended_are_dropped()
    {
        await using var host = await StartAsync();

        var end = await host.RunAsync("Collect", 0);
        await host.Client.RaiseEventAsync(end.InstanceId, "order", new Order("late", 1));
        await host.Client.RaiseEventAsync("nobody", "order", new Order("lost", 1));

        Assert.Equal(end.LastUpdatedAt, (await host.Client.GetInstanceAsync(end.InstanceId))!.LastUpdatedAt);
        Assert.Null(await host.Client.GetInstanceAsync("nobody"));
    }
}
