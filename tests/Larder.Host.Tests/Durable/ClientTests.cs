using DurableTask.Core.History;
using Larder.Host.Tests.Durable.Support;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using OrchestrationAlreadyExistsException = DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException;

namespace Larder.Host.Tests.Durable;

/// <summary>What a client can ask of instances.</summary>
public sealed class ClientTests(HostFixture<ClientTests.Functions> fixture) : IClassFixture<HostFixture<ClientTests.Functions>>
{
    private DurableHost Host => fixture.Host;

    private DurableTaskClient Client => fixture.Host.Client;

    public sealed class Functions
    {
        [Function("Wait")]
        public static async Task<string> Wait([OrchestrationTrigger] TaskOrchestrationContext context, string? input)
        {
            context.SetCustomStatus(new { step = "waiting" });
            return input + await context.WaitForExternalEvent<string>("go");
        }

        [Function("Echo")]
        public static Task<string?> Echo([OrchestrationTrigger] TaskOrchestrationContext context) => Task.FromResult(context.GetInput<string>());

        [Function("Version")]
        public static string Version([OrchestrationTrigger] TaskOrchestrationContext context) => context.Version;

        [Function("Fail")]
        public static void Fail([OrchestrationTrigger] TaskOrchestrationContext context) => throw new InvalidOperationException("as told");

        [Function("Parent")]
        public static async Task<string> Parent([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            try
            {
                return await context.CallSubOrchestratorAsync<string>("Wait", new TaskOptions().WithInstanceId($"{context.InstanceId}:child"));
            }
            catch (TaskFailedException error)
            {
                return error.FailureDetails.ErrorMessage;
            }
        }

        [Function("Steps")]
        public static async Task<int> Steps([OrchestrationTrigger] TaskOrchestrationContext context) =>
            await context.CallActivityAsync<int>("GiveOne") + await context.CallActivityAsync<int>("GiveOne");

        [Function("GiveOne")]
        public static int GiveOne([ActivityTrigger] string? input) => 1;
    }

    [Fact]
    public async Task An_id_whose_instance_has_not_ended_is_refused()
    {
        var id = await Host.BeginAsync("Wait");

        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => Client.ScheduleNewOrchestrationInstanceAsync("Echo", "two", new StartOrchestrationOptions(id)));

        await Client.RaiseEventAsync(id, "go", "on");
        Assert.Equal("on", (await Host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Of_many_starts_with_one_id_one_orchestration_runs()
    {
        var id = $"{Guid.NewGuid():N}";
        var starts = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            try
            {
                await Client.ScheduleNewOrchestrationInstanceAsync("Wait", $"{i}", new StartOrchestrationOptions(id));
                return i;
            }
            catch (OrchestrationAlreadyExistsException)
            {
                return -1;
            }
        }));
        // The storage provider may drop an event for an instance that has not begun (https://github.com/Azure/durabletask/issues/720).
        await Client.WaitForInstanceStartAsync(id);
        await Client.RaiseEventAsync(id, "go", "!");

        var output = (await Host.EndOf(id)).ReadOutputAs<string>()!;

        Assert.Contains(int.Parse(output[..^1]), starts.Where(i => i >= 0));
    }

    [Fact]
    public async Task An_instance_that_has_ended_is_replaced_unless_the_caller_says_otherwise()
    {
        var id = $"{Guid.NewGuid():N}";
        foreach (var input in new[] { "first", new string('x', 100_000), "third" })
            Assert.Equal(input, (await Host.RunAsync("Echo", input, new StartOrchestrationOptions(id))).ReadOutputAs<string>());

        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo", "fourth", new StartOrchestrationOptions(id).WithDedupeStatuses(OrchestrationRuntimeStatus.Completed)));
        Assert.Equal("third", (await Client.GetInstanceAsync(id, getInputsAndOutputs: true))!.ReadOutputAs<string>());
    }

    [Theory]
    [InlineData("sweep:1 of 2 (50%)")]
    [InlineData("Ω~ÄÖ 名前 😀")]
    [InlineData("+&=a.b.")]
    public async Task Ids_are_free_texts(string id)
    {
        Assert.Equal(id, (await Host.RunAsync("Echo", id, new StartOrchestrationOptions(id))).ReadOutputAs<string>());
        Assert.Equal(1, (await Client.PurgeInstanceAsync(id)).PurgedInstanceCount);
    }

    [Fact]
    public async Task What_is_seen_of_an_instance()
    {
        var before = DateTimeOffset.UtcNow;
        var id = $"{Guid.NewGuid():N}";
        var options = new StartOrchestrationOptions(id) { Tags = new Dictionary<string, string> { ["team"] = "blue" } };

        await Client.ScheduleNewOrchestrationInstanceAsync("Wait", "in", options);
        await Larder.Testing.Eventually.TrueAsync(
            async () => (await Client.GetInstanceAsync(id, getInputsAndOutputs: true))!.SerializedCustomStatus == """{"step":"waiting"}""");
        var started = await Client.WaitForInstanceStartAsync(id, getInputsAndOutputs: true);
        var brief = await Client.GetInstanceAsync(id);

        Assert.Equal("Wait", started.Name);
        Assert.True(started.IsRunning);
        Assert.InRange(started.CreatedAt, before.AddSeconds(-1), started.LastUpdatedAt);
        Assert.Equal("in", started.ReadInputAs<string>());
        Assert.Null(started.SerializedOutput);
        Assert.Equal("blue", started.Tags["team"]);
        Assert.Null(brief!.SerializedInput);
        Assert.Throws<InvalidOperationException>(() => brief.ReadInputAs<string>());
        Assert.Null(await Client.GetInstanceAsync("unseen"));
    }

    [Fact]
    public async Task A_failed_instance_tells_how_in_its_output()
    {
        var end = await Host.RunAsync("Fail");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Equal("System.InvalidOperationException: as told", end.SerializedOutput);
        Assert.Contains(Host.Log.Entries, entry => entry is { Category: "Function.Fail", Exception: InvalidOperationException });
    }

    [Fact]
    public async Task A_suspended_instance_keeps_what_comes_until_it_is_resumed()
    {
        var id = await Host.BeginAsync("Wait");
        await Client.SuspendInstanceAsync(id, "a reason");
        await UntilAsync(id, OrchestrationRuntimeStatus.Suspended);
        await Client.RaiseEventAsync(id, "go", "later");
        var other = await Host.RunAsync("Echo", "other");
        Assert.Equal("other", other.ReadOutputAs<string>());
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await Client.GetInstanceAsync(id))!.RuntimeStatus);

        await Client.ResumeInstanceAsync(id);

        Assert.Equal("later", (await Host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_terminated_instance_ends_with_what_the_client_says()
    {
        var id = await Host.BeginAsync("Wait");

        await Client.TerminateInstanceAsync(id, new { why = "enough" });

        var end = await Host.EndOf(id);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, end.RuntimeStatus);
        Assert.Equal("""{"why":"enough"}""", end.SerializedOutput);
    }

    [Fact]
    public async Task Who_called_a_terminated_instance_fails()
    {
        var id = await Host.BeginAsync("Parent");
        await Larder.Testing.Eventually.TrueAsync(async () => await Client.GetInstanceAsync($"{id}:child") is { RuntimeStatus: OrchestrationRuntimeStatus.Running });

        await Client.TerminateInstanceAsync($"{id}:child", "enough");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await Host.EndOf(id)).RuntimeStatus);
    }

    [Fact]
    public async Task What_the_provider_cannot_do_is_refused_with_a_sentence()
    {
        var id = await Host.BeginAsync("Wait");

        var terminating = await Assert.ThrowsAsync<NotSupportedException>(() => Client.TerminateInstanceAsync(id, new TerminateInstanceOptions(Recursive: true)));
        var purging = await Assert.ThrowsAsync<NotSupportedException>(() => Client.PurgeInstanceAsync(id, new PurgeInstanceOptions(Recursive: true)));

        Assert.Equal("The storage provider cannot terminate sub-orchestrations with their parent: terminate each by its own id.", terminating.Message);
        Assert.Equal("The storage provider cannot purge sub-orchestrations with their parent: purge each by its own id.", purging.Message);
    }

    [Fact]
    public async Task Purging_removes_ended_instances_only()
    {
        var running = await Host.BeginAsync("Wait");
        var large = (await Host.RunAsync("Echo", new string('x', 200_000))).InstanceId;

        Assert.Equal(0, (await Client.PurgeInstanceAsync(running)).PurgedInstanceCount);
        Assert.Equal(0, (await Client.PurgeInstanceAsync("unknown")).PurgedInstanceCount);
        Assert.Equal(1, (await Client.PurgeInstanceAsync(large)).PurgedInstanceCount);

        Assert.Null(await Client.GetInstanceAsync(large));
        Assert.NotNull(await Client.GetInstanceAsync(running));
    }

    [Fact]
    public async Task Instances_are_purged_by_time_and_state()
    {
        await using var host = await DurableHost.StartAsync(fixture.Azurite.ConnectionString, DurableHost.NewHubName(), [typeof(Functions)]);
        foreach (var name in new[] { "Echo", "Fail" })
            await host.RunAsync(name, "x");
        var middle = (await host.RunAsync("Echo", "x")).CreatedAt;
        var late = await host.RunAsync("Echo", "x");
        var running = await host.BeginAsync("Wait");

        var failed = await host.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(Statuses: [OrchestrationRuntimeStatus.Failed]));
        var early = await host.Client.PurgeInstancesAsync(null, middle);

        Assert.Equal((1, 2), (failed.PurgedInstanceCount, early.PurgedInstanceCount));
        var left = new List<string>();
        await foreach (var instance in host.Client.GetAllInstancesAsync())
            left.Add(instance.InstanceId);
        Assert.Equal(new[] { late.InstanceId, running }.Order(), left.Order());
    }

    [Fact]
    public async Task Instances_are_listed_by_prefix_state_and_time_in_pages()
    {
        var prefix = $"{Guid.NewGuid():N}.";
        foreach (var i in Enumerable.Range(0, 5))
            await Host.RunAsync(i % 3 == 0 ? "Fail" : "Echo", $"{i}", new StartOrchestrationOptions($"{prefix}{i}"));
        var second = (await Client.GetInstanceAsync($"{prefix}2"))!.CreatedAt;

        Assert.Equal("01234", await ListAsync(new OrchestrationQuery(InstanceIdPrefix: prefix, PageSize: 2)));
        Assert.Equal("03", await ListAsync(new OrchestrationQuery(InstanceIdPrefix: prefix, Statuses: [OrchestrationRuntimeStatus.Failed])));
        Assert.Equal("234", await ListAsync(new OrchestrationQuery(InstanceIdPrefix: prefix, CreatedFrom: second)));
        Assert.Equal("", await ListAsync(new OrchestrationQuery(InstanceIdPrefix: $"{prefix}x")));

        async Task<string> ListAsync(OrchestrationQuery query)
        {
            var found = new List<string>();
            await foreach (var page in Client.GetAllInstancesAsync(query).AsPages())
            {
                Assert.InRange(page.Values.Count, 0, query.PageSize);
                found.AddRange(page.Values.Select(instance => instance.InstanceId[prefix.Length..]));
            }

            return string.Concat(found.Order());
        }
    }

    [Fact]
    public async Task A_listing_gives_data_if_asked()
    {
        var id = (await Host.RunAsync("Echo", "text")).InstanceId;

        await foreach (var instance in Client.GetAllInstancesAsync(new OrchestrationQuery(InstanceIdPrefix: id, FetchInputsAndOutputs: true)))
            Assert.Equal("text", instance.ReadOutputAs<string>());
        await foreach (var instance in Client.GetAllInstancesAsync(new OrchestrationQuery(InstanceIdPrefix: id)))
            Assert.Null(instance.SerializedOutput);
    }

    [Fact]
    public async Task A_version_comes_from_the_client()
    {
        Assert.Equal("2", (await Host.RunAsync("Version", options: new StartOrchestrationOptions { Version = "2" })).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_orchestration_that_is_to_start_later_starts_then()
    {
        var start = DateTimeOffset.UtcNow.AddSeconds(2);
        var id = await Client.ScheduleNewOrchestrationInstanceAsync("Echo", "x", new StartOrchestrationOptions(StartAt: start));
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await Client.GetInstanceAsync(id))!.RuntimeStatus);

        // Up to a second early: the queue's unit is the second.
        Assert.True((await Host.EndOf(id)).LastUpdatedAt >= start.AddSeconds(-1));
    }

    [Fact]
    public async Task An_instance_that_has_ended_is_restarted_with_its_input()
    {
        var first = await Host.RunAsync("Echo", "again");
        var running = await Host.BeginAsync("Wait");

        var copy = await Client.RestartAsync(first.InstanceId, restartWithNewInstanceId: true);
        Assert.Equal("again", (await Host.EndOf(copy)).ReadOutputAs<string>());
        Assert.NotEqual(first.InstanceId, copy);
        Assert.Equal(first.InstanceId, await Client.RestartAsync(first.InstanceId));
        await Larder.Testing.Eventually.TrueAsync(
            async () => await Client.GetInstanceAsync(first.InstanceId) is { IsCompleted: true } again && again.CreatedAt > first.CreatedAt);

        await Assert.ThrowsAsync<InvalidOperationException>(() => Client.RestartAsync(running));
        await Assert.ThrowsAsync<ArgumentException>(() => Client.RestartAsync("unknown"));
    }

    [Fact]
    public async Task The_history_of_an_instance_is_a_list_of_events()
    {
        var history = await Client.GetOrchestrationHistoryAsync((await Host.RunAsync("Steps")).InstanceId);

        Assert.Equal("Steps", Assert.Single(history.OfType<ExecutionStartedEvent>()).Name);
        Assert.Equal(["GiveOne", "GiveOne"], history.OfType<TaskScheduledEvent>().Select(scheduled => scheduled.Name));
        Assert.Equal(["1", "1"], history.OfType<TaskCompletedEvent>().Select(completed => completed.Result));
        Assert.Equal("2", Assert.Single(history.OfType<ExecutionCompletedEvent>()).Result);
    }

    [Fact]
    public async Task Waiting_ends_when_the_caller_does_not_want_to_wait_any_more()
    {
        var id = await Host.BeginAsync("Wait");
        using var cancellation = new CancellationTokenSource();

        var waiting = Client.WaitForInstanceCompletionAsync(id, cancellation.Token);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(
            "There is no orchestration 'unknown'.", (await Assert.ThrowsAsync<InvalidOperationException>(() => Client.WaitForInstanceCompletionAsync("unknown"))).Message);
    }

    private Task UntilAsync(string id, OrchestrationRuntimeStatus status) =>
        Larder.Testing.Eventually.TrueAsync(async () => (await Client.GetInstanceAsync(id))!.RuntimeStatus == status);
}
