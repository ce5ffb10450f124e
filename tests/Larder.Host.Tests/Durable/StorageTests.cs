using Larder.Testing;

namespace Larder.Host.Tests.Durable;

/// <summary>What is stored: it stays small, and holds through whatever happens to it.</summary>
public sealed class StorageTests(Azurite azurite) : IClassFixture<Azurite>
{
    public sealed class Runs
    {
        private int count;

        public int Count => count;

        public void Add() => Interlocked.Increment(ref count);
    }

    public sealed class Functions(Runs runs)
    {
        [Function("Large")]
        public static async Task<string> Large([OrchestrationTrigger] TaskOrchestrationContext context, string input)
        {
            context.SetCustomStatus(input);
            var doubled = await context.CallActivityAsync<string>("Double", input);
            var called = await context.CallSubOrchestratorAsync<string>("Swap", doubled);
            var sent = await context.WaitForExternalEvent<string>("large");
            return $"{input.Length} {doubled.Length} {called.Length} {sent.Length} {called[0]}{called[^1]}";
        }

        [Function("Double")]
        public static string Double([ActivityTrigger] string text) => text + text.ToUpperInvariant();

        [Function("Swap")]
        public static Task<string> Swap([OrchestrationTrigger] TaskOrchestrationContext context, string text) =>
            Task.FromResult(new string([.. text.Reverse()]));

        [Function("LargeAnew")]
        public static async Task<int> LargeAnew([OrchestrationTrigger] TaskOrchestrationContext context, string input)
        {
            context.SetCustomStatus(input);
            var length = (await context.WaitForExternalEvent<string>("large")).Length;
            if (input.Length < 200_003)
                context.ContinueAsNew(input + "x");
            return length;
        }

        [Function("Long")]
        public static async Task<int> Long([OrchestrationTrigger] TaskOrchestrationContext context, int rounds)
        {
            var sum = 0;
            for (var round = 0; round < rounds; round++)
                sum += (await Task.WhenAll(Enumerable.Range(0, 250).Select(i => context.CallActivityAsync<int>("One", i)))).Sum();
            sum += await context.WaitForExternalEvent<int>("more");
            return sum + await context.CallActivityAsync<int>("One", 0);
        }

        [Function("One")]
        public int One([ActivityTrigger] int number)
        {
            runs.Add();
            return 1;
        }

        [Function("Steps")]
        public static async Task<int> Steps([OrchestrationTrigger] TaskOrchestrationContext context, int count)
        {
            var sum = 0;
            for (var i = 0; i < count; i++)
                sum += await context.CallActivityAsync<int>("One", i);
            return sum;
        }

        [Function("Send")]
        public static async Task Send([OrchestrationTrigger] TaskOrchestrationContext context, string other)
        {
            context.SendEvent(other, "letter", "a");
            await context.WaitForExternalEvent<string>("end");
        }

        [Function("Receive")]
        public static async Task<string> Receive([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var letters = "";
            while (!letters.EndsWith('.'))
                letters += await context.WaitForExternalEvent<string>("letter");
            return letters;
        }

        [Function("Call")]
        public static async Task<string> Call([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var result = await context.CallSubOrchestratorAsync<string>("OneThenWait", new SubOrchestrationOptions(instanceId: $"{context.InstanceId}:called"));
            return result + await context.WaitForExternalEvent<string>("end");
        }

        [Function("OneThenWait")]
        public static async Task<string> OneThenWait([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync<int>("One", 0);
            return await context.WaitForExternalEvent<string>("go");
        }
    }

    private readonly Runs runs = new();

    private Task<DurableHost> StartAsync(string hub) => DurableHost.StartAsync(azurite, hub, [typeof(Functions)], DurableHost.WithService(runs));

    [Fact]
    public async Task Large_values_have_blobs_of_their_own_and_come_back_whole_also_after_a_restart()
    {
        var hub = DurableHost.NewHubName();
        var input = "a" + new string('ä', 1_000_000);
        string id;
        await using (var first = await StartAsync(hub))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Large", input);
            await first.HistoryOf(id, history => history.SelectMany(episode => episode.Arrivals).Count(arrival => arrival.Kind == ArrivalKind.Completed) == 2);
            var properties = await first.Container.GetBlobClient(BlobNames.Instance(id)).GetPropertiesAsync();
            Assert.InRange(properties.Value.ContentLength, 100, 10_000);
        }

        await using var second = await StartAsync(hub);
        await second.Client.RaiseEventAsync(id, "large", input);
        var end = await second.EndOf(id);

        Assert.Equal("1000001 2000002 2000002 1000001 Äa", end.ReadOutputAs<string>());
        Assert.Equal(input, end.ReadInputAs<string>());
        Assert.Equal(input, end.ReadCustomStatusAs<string>());
        await second.Client.PurgeInstanceAsync(id, new PurgeInstanceOptions(Recursive: true));
        Assert.Empty(await second.BlobsBelow("data/"));
    }

    [Fact]
    public async Task Large_events_are_kept_and_large_states_swept_when_an_orchestration_begins_anew()
    {
        await using var host = await StartAsync(DurableHost.NewHubName());

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("LargeAnew", new string('x', 200_000));
        await host.Client.SuspendInstanceAsync(id);
        for (var i = 1; i <= 4; i++)
            await host.Client.RaiseEventAsync(id, "large", new string('y', 100_000 * i));
        await host.Client.ResumeInstanceAsync(id);
        var end = await host.EndOf(id);

        Assert.Equal(400_000, end.ReadOutputAs<int>());
        Assert.Equal(200_003, end.ReadInputAs<string>()!.Length);
        Assert.Equal(end.ReadInputAs<string>(), end.ReadCustomStatusAs<string>());
        await host.Quiet(id);
        Assert.All(await host.BlobsBelow("data/"), name => Assert.Equal("3", name.Split('/')[^2]));
    }

    [Fact]
    public async Task A_history_of_ten_thousand_events_is_written_in_parts_and_replayed()
    {
        var hub = DurableHost.NewHubName();
        string id;
        await using (var first = await StartAsync(hub))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Long", 20);
            var history = await first.HistoryOf(id, history => history.Sum(episode => episode.EventCount) == 10_001);
            Assert.Equal(5_000, runs.Count);
            Assert.Equal(5_000, history.SelectMany(episode => episode.Arrivals).Where(arrival => arrival.Kind == ArrivalKind.Completed).DistinctBy(arrival => arrival.Id).Count());
            var properties = await first.Container.GetBlobClient(BlobNames.Instance(id)).GetPropertiesAsync();
            Assert.InRange(properties.Value.ContentLength, 100, 80_000);
        }

        await using var second = await StartAsync(hub);
        await second.Client.RaiseEventAsync(id, "more", 10);

        Assert.Equal(5_011, (await second.EndOf(id)).ReadOutputAs<int>());
        Assert.Equal(5_001, runs.Count);
        await second.Client.PurgeInstanceAsync(id);
        Assert.Empty(await second.BlobsBelow("data/"));
    }

    [Fact]
    public async Task Storage_may_go_away_for_a_while()
    {
        await using var storage = await Azurite.StartAsync(onDisk: true);
        await using var host = await DurableHost.StartAsync(storage, [typeof(Functions)], DurableHost.WithService(runs));
        var ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.Client.ScheduleNewOrchestrationInstanceAsync("Steps", 20)));
        await host.HistoryOf(ids[0], history => history.Count > 3);

        await storage.RestartAsync();

        foreach (var id in ids)
            Assert.Equal(20, (await host.EndOf(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task What_another_host_has_written_counts_and_nothing_that_came_meanwhile_is_lost()
    {
        await using var host = await StartAsync(DurableHost.NewHubName());
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Receive");
        await host.Client.RaiseEventAsync(id, "letter", "a");
        await host.HistoryOf(id, history => history.SelectMany(episode => episode.Arrivals).Any(arrival => arrival.Kind == ArrivalKind.Raised));

        // As a host would that had this hub before: an event that it got is committed.
        var stored = (await host.Store.Instances.ReadAsync(id, default))!;
        var theirs = stored.Document with { Commit = "theirs", Waiting = [new Arrival(ArrivalKind.Raised, Name: "letter", Value: Payload.Of("\"b\""))] };
        Assert.NotNull(await host.Store.Instances.WriteAsync(theirs, stored.ETag, default));
        await host.Client.RaiseEventAsync(id, "letter", "c");
        await host.Client.RaiseEventAsync(id, "letter", ".");

        Assert.Equal("abc.", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_earlier_host_cannot_write_once_an_instance_is_claimed()
    {
        var hub = DurableHost.NewHubName();
        await using var host = await StartAsync(hub);
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Receive");
        await host.HistoryOf(id, history => history.Count == 1);
        var before = (await host.Store.Instances.ReadAsync(id, default))!;

        Assert.NotNull(await host.Store.Instances.ClaimAsync(id, "another", _ => ValueTask.CompletedTask, default));

        Assert.Null(await host.Store.Instances.WriteAsync(before.Document with { Commit = "late" }, before.ETag, default));
    }

    [Fact]
    public async Task A_write_whose_answer_was_lost_is_recognised()
    {
        await using var host = await StartAsync(DurableHost.NewHubName());
        await host.Store.CreateAsync(default);

        // One that has ended: the host, which may be about to take the hub over, leaves it alone.
        var document = NewInstance.Describe("twice", "Nobody", "", DateTimeOffset.UtcNow) with { Status = OrchestrationRuntimeStatus.Completed };

        var first = await host.Store.Instances.WriteAsync(document, null, default);
        var again = await host.Store.Instances.WriteAsync(document, null, default);

        Assert.Equal(first, again);
        Assert.Null(await host.Store.Instances.WriteAsync(document with { Commit = "other" }, null, default));
    }

    [Fact]
    public async Task An_event_that_is_delivered_again_after_a_restart_is_got_once()
    {
        var hub = DurableHost.NewHubName();
        await using (var first = await StartAsync(hub))
        {
            await first.Client.ScheduleNewOrchestrationInstanceAsync("Receive", new StartOrchestrationOptions("receiver"));
            await first.Client.ScheduleNewOrchestrationInstanceAsync("Send", "receiver", new StartOrchestrationOptions("sender"));
            await first.HistoryOf("receiver", history => history.SelectMany(episode => episode.Arrivals).Any(arrival => arrival.Kind == ArrivalKind.Raised));
        }

        await using var second = await StartAsync(hub);

        // The sender has had no reason to store that it was delivered.
        var sender = (await second.Store.Instances.ReadAsync("sender", default))!.Document;
        Assert.Single(sender.Outbox);
        Assert.Contains(sender.Outbox[0].Id, (await second.Store.Instances.ReadAsync("receiver", default))!.Document.Received);
        await second.Client.RaiseEventAsync("sender", "end", "");
        await second.EndOf("sender");
        await second.Quiet("sender");
        await second.Client.RaiseEventAsync("receiver", "letter", "b");
        await second.Client.RaiseEventAsync("receiver", "letter", ".");

        Assert.Equal("ab.", (await second.EndOf("receiver")).ReadOutputAs<string>());
        var received = (await second.HistoryOf("receiver", _ => true)).SelectMany(episode => episode.Arrivals).Count(arrival => arrival.Kind == ArrivalKind.Raised);
        Assert.Equal(3, received);
    }

    [Fact]
    public async Task Ids_of_messages_that_cannot_come_again_are_forgotten()
    {
        await using var host = await StartAsync(DurableHost.NewHubName());
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Receive", new StartOrchestrationOptions("receiver"));
        for (var i = 0; i < 3; i++)
        {
            await host.Client.ScheduleNewOrchestrationInstanceAsync("Send", "receiver", new StartOrchestrationOptions($"sender{i}"));
            await host.Client.RaiseEventAsync($"sender{i}", "end", "");
            await host.EndOf($"sender{i}");
            await host.Quiet($"sender{i}");
        }

        await host.Client.RaiseEventAsync("receiver", "letter", "b");

        Assert.Empty((await host.Store.Instances.ReadAsync("receiver", default))!.Document.Received);
    }

    [Fact]
    public async Task An_orchestration_whose_start_is_delivered_again_starts_once()
    {
        var hub = DurableHost.NewHubName();
        string execution;
        await using (var first = await StartAsync(hub))
        {
            await first.Client.ScheduleNewOrchestrationInstanceAsync("Call", new StartOrchestrationOptions("caller"));
            await first.HistoryOf("caller:called", history => history.Count == 2);
            execution = (await first.Store.Instances.ReadAsync("caller:called", default))!.Document.Execution;
            Assert.Single((await first.Store.Instances.ReadAsync("caller", default))!.Document.Outbox);
        }

        await using var second = await StartAsync(hub);
        await second.Client.RaiseEventAsync("caller:called", "go", "gone");
        await second.Client.RaiseEventAsync("caller", "end", ".");

        Assert.Equal("gone.", (await second.EndOf("caller")).ReadOutputAs<string>());
        Assert.Equal(execution, (await second.Store.Instances.ReadAsync("caller:called", default))!.Document.Execution);
        Assert.Equal(1, runs.Count);
    }

    [Fact]
    public async Task A_start_that_is_delivered_again_after_the_orchestration_has_ended_does_not_start_it_again()
    {
        var hub = DurableHost.NewHubName();
        await using (var first = await StartAsync(hub))
        {
            await first.Client.ScheduleNewOrchestrationInstanceAsync("Call", new StartOrchestrationOptions("caller"));
            await first.HistoryOf("caller:called", history => history.Count == 2);
            await first.Client.RaiseEventAsync("caller:called", "go", "gone");
            var answered = await first.DocumentOf("caller", document => document.Tail.Count == 2);
            Assert.Empty(answered.Outbox);
            await first.Quiet("caller:called");
        }

        // As if the start were on its way still.
        string execution;
        await using (var none = await DurableHost.StartAsync(azurite, hub, [typeof(Runs)]))
        {
            var called = (await none.Store.Instances.ReadAsync("caller:called", default))!.Document;
            var stored = (await none.Store.Instances.ReadAsync("caller", default))!;
            var start = new OutboxMessage(called.Start!, OutboxKind.Start, called.Instance, called.Name, Link: called.Parent);
            Assert.NotNull(await none.Store.Instances.WriteAsync(stored.Document with { Commit = "again", Outbox = [start] }, stored.ETag, default));
            execution = called.Execution;
        }

        await using var second = await StartAsync(hub);
        await second.Client.RaiseEventAsync("caller", "end", ".");
        await second.EndOf("caller");
        await second.Quiet("caller");

        Assert.Equal(execution, (await second.Store.Instances.ReadAsync("caller:called", default))!.Document.Execution);
        Assert.Equal(1, runs.Count);
    }

    [Fact]
    public async Task A_result_that_is_delivered_again_is_got_once()
    {
        var hub = DurableHost.NewHubName();
        await using (var first = await StartAsync(hub))
        {
            await first.Client.ScheduleNewOrchestrationInstanceAsync("Call", new StartOrchestrationOptions("caller"));
            await first.HistoryOf("caller:called", history => history.Count == 2);
            await first.Client.RaiseEventAsync("caller:called", "go", "gone");
            await first.HistoryOf("caller", history => history.SelectMany(episode => episode.Arrivals).Any(arrival => arrival.Kind == ArrivalKind.Completed));
            await first.Quiet("caller:called");
        }

        // As if the host had died before the called instance had stored that its result was delivered.
        await using (var none = await DurableHost.StartAsync(azurite, hub, [typeof(Runs)]))
        {
            var stored = (await none.Store.Instances.ReadAsync("caller:called", default))!;
            var document = stored.Document;
            var message = new OutboxMessage($"{document.Execution}.0.result", OutboxKind.Result, "caller", Value: document.Output, Link: document.Parent);
            Assert.NotNull(await none.Store.Instances.WriteAsync(document with { Commit = "again", Outbox = [message] }, stored.ETag, default));
        }

        await using var second = await StartAsync(hub);
        await second.Quiet("caller:called");
        await second.Client.RaiseEventAsync("caller", "end", ".");

        Assert.Equal("gone.", (await second.EndOf("caller")).ReadOutputAs<string>());
        Assert.Equal(3, (await second.HistoryOf("caller", _ => true)).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain-Name_1:2,3")]
    [InlineData(".. ~/%+ ä名😀\t")]
    public void Ids_become_names_and_names_become_ids(string id)
    {
        var name = BlobNames.Instance(id);

        Assert.Equal(id, BlobNames.InstanceOf(name));
        Assert.Matches("^instances/[A-Za-z0-9_:,~-]*$", name);
        Assert.StartsWith(BlobNames.Instance(id[..(id.Length / 2)]), name);
    }
}
