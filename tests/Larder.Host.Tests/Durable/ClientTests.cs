using Larder.Testing;

namespace Larder.Host.Tests.Durable;

/// <summary>What a client can ask of instances.</summary>
public sealed class ClientTests(Azurite azurite) : IClassFixture<Azurite>
{
    public static class Functions
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

        [Function("CallVersion")]
        public static async Task<string> CallVersion([OrchestrationTrigger] TaskOrchestrationContext context) =>
            await context.CallSubOrchestratorAsync<string>("Version") + await context.CallSubOrchestratorAsync<string>("Version", new SubOrchestrationOptions { Version = "3" });

        [Function("Parent")]
        public static async Task<string> Parent([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            try
            {
                return await context.CallSubOrchestratorAsync<string>("Wait", new TaskOptions((TaskRetryOptions?)null).WithInstanceId(context.InstanceId + ":child"));
            }
            catch (TaskFailedException error)
            {
                return error.FailureDetails.ErrorMessage;
            }
        }

        [Function("Fail")]
        public static void Fail([OrchestrationTrigger] TaskOrchestrationContext context) => throw new InvalidOperationException("as told");
    }

    private Task<DurableHost> StartAsync(params Action<Microsoft.Azure.Functions.Worker.Builder.SelfHostBuilder>[] configure) =>
        DurableHost.StartAsync(azurite, [typeof(Functions)], configure);

    private static async Task<string> StartWaiting(DurableHost host, string id, string name = "Wait")
    {
        await host.Client.ScheduleNewOrchestrationInstanceAsync(name, new StartOrchestrationOptions(id));
        await host.Client.WaitForInstanceStartAsync(id);
        return id;
    }

    [Fact]
    public async Task An_id_whose_instance_has_not_ended_is_refused()
    {
        await using var host = await StartAsync();
        var id = await StartWaiting(host, "one");

        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "two", new StartOrchestrationOptions(id)));

        Assert.Equal("OrchestrationAlreadyExistsException", error.GetType().Name);
        Assert.Equal("An orchestration instance with the id 'one' exists, and has not ended: it is Running.", error.Message);
        await host.Client.RaiseEventAsync(id, "go", "on");
        Assert.Equal("on", (await host.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Of_many_starts_with_one_id_one_wins()
    {
        await using var host = await StartAsync();

        var starts = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            try
            {
                await host.Client.ScheduleNewOrchestrationInstanceAsync("Wait", $"{i}", new StartOrchestrationOptions("one"));
                return i;
            }
            catch (Exception error) when (error.GetType().Name == "OrchestrationAlreadyExistsException")
            {
                return -1;
            }
        }));

        var winner = Assert.Single(starts, i => i >= 0);
        await host.Client.RaiseEventAsync("one", "go", "!");
        Assert.Equal($"{winner}!", (await host.EndOf("one")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_instance_that_has_ended_is_replaced()
    {
        await using var host = await StartAsync();
        var large = new string('x', 100_000);

        foreach (var input in new[] { "first", large, "third" })
            Assert.Equal(input, (await host.RunAsync("Echo", input, new StartOrchestrationOptions("same"))).ReadOutputAs<string>());

        await host.Quiet("same");
        Assert.Empty(await host.BlobsBelow("data/"));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a#")]
    [InlineData("a?")]
    [InlineData("@a")]
    [InlineData("a\n")]
    [InlineData("")]
    public async Task An_id_that_the_official_engine_refuses_is_refused(string id)
    {
        await using var host = await StartAsync();

        await Assert.ThrowsAnyAsync<ArgumentException>(() => host.Client.ScheduleNewOrchestrationInstanceAsync("Echo", new StartOrchestrationOptions(id)));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => host.Client.RaiseEventAsync(id, "go"));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("sweep:1 of 2 (50%)")]
    [InlineData("Ω~ÄÖ 名前 😀")]
    [InlineData("+&=a.b.")]
    public async Task Any_other_id_is_an_id(string id)
    {
        await using var host = await StartAsync();

        Assert.Equal(id, (await host.RunAsync("Echo", id, new StartOrchestrationOptions(id))).ReadOutputAs<string>());
        Assert.Equal(id, (await host.Client.GetAllInstancesAsync().SingleAsync()).InstanceId);
        Assert.Equal(1, (await host.Client.PurgeInstanceAsync(id)).PurgedInstanceCount);
    }

    [Fact]
    public async Task What_is_seen_of_an_instance()
    {
        await using var host = await StartAsync();
        var before = DateTimeOffset.UtcNow;
        var options = new StartOrchestrationOptions("seen") { Tags = new Dictionary<string, string> { ["team"] = "blue" } };

        await host.Client.ScheduleNewOrchestrationInstanceAsync("Wait", "in", options);
        var started = await host.Client.WaitForInstanceStartAsync("seen", getInputsAndOutputs: true);
        var brief = await host.Client.GetInstanceAsync("seen");

        Assert.Equal("Wait", started.Name);
        Assert.True(started.IsRunning);
        Assert.InRange(started.CreatedAt, before, started.LastUpdatedAt);
        Assert.Equal("in", started.ReadInputAs<string>());
        Assert.Equal("""{"step":"waiting"}""", started.SerializedCustomStatus);
        Assert.Null(started.SerializedOutput);
        Assert.Equal("blue", started.Tags["team"]);
        Assert.Null(brief!.SerializedInput);
        Assert.Throws<InvalidOperationException>(() => brief.ReadInputAs<string>());
        Assert.Null(await host.Client.GetInstanceAsync("unseen"));
    }

    [Fact]
    public async Task A_failed_instance_tells_how()
    {
        await using var host = await StartAsync();

        var end = await host.RunAsync("Fail");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Equal("System.InvalidOperationException", end.FailureDetails!.ErrorType);
        Assert.Equal("as told", end.FailureDetails.ErrorMessage);
        Assert.Contains(host.Log.Entries, entry => entry is { Category: "Function.Fail", Exception: InvalidOperationException });
    }

    [Fact]
    public async Task A_suspended_instance_keeps_what_comes_until_it_is_resumed_also_by_another_host()
    {
        var hub = DurableHost.NewHubName();
        await using (var first = await DurableHost.StartAsync(azurite, hub, [typeof(Functions)]))
        {
            await StartWaiting(first, "held");
            await first.Client.SuspendInstanceAsync("held", "a reason");
            await first.Client.RaiseEventAsync("held", "go", "later");
            Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await first.Client.GetInstanceAsync("held"))!.RuntimeStatus);
        }

        await using var second = await DurableHost.StartAsync(azurite, hub, [typeof(Functions)]);
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await second.Client.GetInstanceAsync("held"))!.RuntimeStatus);
        await second.Client.ResumeInstanceAsync("held");

        Assert.Equal("later", (await second.EndOf("held")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_terminated_instance_ends_with_what_the_client_says()
    {
        await using var host = await StartAsync();
        var id = await StartWaiting(host, "ended");
        await host.Client.SuspendInstanceAsync(id);

        await host.Client.TerminateInstanceAsync(id, new { why = "enough" });
        await host.Client.TerminateInstanceAsync(id, "too late");
        await host.Client.ResumeInstanceAsync(id);

        var end = await host.EndOf(id);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, end.RuntimeStatus);
        Assert.Equal("""{"why":"enough"}""", end.SerializedOutput);
    }

    [Fact]
    public async Task Who_called_a_terminated_instance_gets_a_failure()
    {
        await using var host = await StartAsync();
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("up"));
        await host.Client.WaitForInstanceStartAsync("up:child");

        await host.Client.TerminateInstanceAsync("up:child", "enough");

        Assert.Equal("The orchestration was terminated: \"enough\"", (await host.EndOf("up")).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData(true, OrchestrationRuntimeStatus.Terminated)]
    [InlineData(false, OrchestrationRuntimeStatus.Running)]
    public async Task Termination_reaches_called_instances_if_it_is_recursive(bool isRecursive, OrchestrationRuntimeStatus expected)
    {
        await using var host = await StartAsync();
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("up"));
        await host.Client.WaitForInstanceStartAsync("up:child");

        await host.Client.TerminateInstanceAsync("up", new TerminateInstanceOptions(Recursive: isRecursive));

        await host.Quiet("up");
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await host.EndOf("up")).RuntimeStatus);
        Assert.Equal(expected, (await host.Client.GetInstanceAsync("up:child"))!.RuntimeStatus);
    }

    [Fact]
    public async Task A_call_of_an_id_that_runs_already_fails()
    {
        await using var host = await StartAsync();
        await StartWaiting(host, "up:child");

        var end = await host.RunAsync("Parent", options: new StartOrchestrationOptions("up"));

        Assert.Equal("Orchestrator 'Wait' was not started: an instance with the id 'up:child' exists, and has not ended.", end.ReadOutputAs<string>());
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await host.Client.GetInstanceAsync("up:child"))!.RuntimeStatus);
    }

    [Fact]
    public async Task Purging_removes_all_that_is_stored_of_ended_instances_only()
    {
        await using var host = await StartAsync();
        await StartWaiting(host, "runs");
        await host.RunAsync("Echo", new string('x', 200_000), new StartOrchestrationOptions("large"));
        Assert.NotEmpty(await host.BlobsBelow("data/"));

        Assert.Equal(0, (await host.Client.PurgeInstanceAsync("runs")).PurgedInstanceCount);
        Assert.Equal(0, (await host.Client.PurgeInstanceAsync("unknown")).PurgedInstanceCount);
        Assert.Equal(1, (await host.Client.PurgeInstanceAsync("large")).PurgedInstanceCount);

        Assert.Null(await host.Client.GetInstanceAsync("large"));
        Assert.NotNull(await host.Client.GetInstanceAsync("runs"));
        Assert.Empty(await host.BlobsBelow("data/"));
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    public async Task Purging_reaches_called_instances_if_it_is_recursive(bool isRecursive, int count)
    {
        await using var host = await StartAsync();
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("up"));
        await host.Client.WaitForInstanceStartAsync("up:child");
        await host.Client.RaiseEventAsync("up:child", "go", "!");
        await host.EndOf("up");

        Assert.Equal(count, (await host.Client.PurgeInstanceAsync("up", new PurgeInstanceOptions(isRecursive))).PurgedInstanceCount);
        Assert.Equal(2 - count, (await host.BlobsBelow("instances/")).Count);
    }

    [Fact]
    public async Task Instances_are_purged_by_time_and_state()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        await using var host = await StartAsync(DurableHost.On(clock));
        for (var hour = 0; hour < 4; hour++)
        {
            await host.RunAsync("Echo", "x", new StartOrchestrationOptions($"echo{hour}"));
            await host.RunAsync("Fail", options: new StartOrchestrationOptions($"fail{hour}"));
            clock.Advance(TimeSpan.FromHours(1));
        }

        await StartWaiting(host, "runs");
        var middle = await host.Client.PurgeInstancesAsync(start.AddMinutes(30), start.AddMinutes(150));
        var failed = await host.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(Statuses: [OrchestrationRuntimeStatus.Failed]));
        var late = await host.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter { Timeout = TimeSpan.FromHours(1) });

        Assert.Equal((4, 2, 2), (middle.PurgedInstanceCount, failed.PurgedInstanceCount, late.PurgedInstanceCount));
        Assert.True(late.IsComplete);
        Assert.Equal("runs", (await host.Client.GetAllInstancesAsync().SingleAsync()).InstanceId);
    }

    [Fact]
    public async Task Instances_are_listed_by_prefix_state_and_time_in_full_pages()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        await using var host = await StartAsync(DurableHost.On(clock));
        foreach (var i in Enumerable.Range(0, 12))
        {
            await host.RunAsync(i % 3 == 0 ? "Fail" : "Echo", $"{i}", new StartOrchestrationOptions($"job.{i:D2}"));
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        await host.RunAsync("Echo", "other", new StartOrchestrationOptions("other"));

        async Task<string[]> Pages(OrchestrationQuery query, int? size = null)
        {
            var pages = new List<string>();
            await foreach (var page in host.Client.GetAllInstancesAsync(query).AsPages(pageSizeHint: size))
                pages.Add(string.Join(' ', page.Values.Select(instance => instance.InstanceId.Replace("job.", ""))));
            return [.. pages];
        }

        Assert.Equal(["00 01 02 03 04", "05 06 07 08 09", "10 11"], await Pages(new OrchestrationQuery(InstanceIdPrefix: "job.", PageSize: 5)));
        Assert.Equal(["00 03", "06 09"], await Pages(new OrchestrationQuery(Statuses: [OrchestrationRuntimeStatus.Failed]), 2));
        Assert.Equal(["03 04 05"], await Pages(new OrchestrationQuery(CreatedFrom: start.AddMinutes(3), CreatedTo: start.AddMinutes(5))));
        Assert.Equal([""], await Pages(new OrchestrationQuery(TaskHubNames: ["another"])));
        Assert.Equal([""], await Pages(new OrchestrationQuery(InstanceIdPrefix: "jobx")));
    }

    [Fact]
    public async Task A_listing_goes_on_from_a_token_and_gives_data_if_asked()
    {
        await using var host = await StartAsync();
        foreach (var i in Enumerable.Range(0, 5))
            await host.RunAsync("Echo", $"{i}", new StartOrchestrationOptions($"{i}"));

        var first = await host.Client.GetAllInstancesAsync(new OrchestrationQuery(PageSize: 2)).AsPages().FirstAsync();
        var rest = await host.Client.GetAllInstancesAsync(new OrchestrationQuery(FetchInputsAndOutputs: true, ContinuationToken: first.ContinuationToken)).ToListAsync();

        Assert.Null(first.Values[0].DataConverter);
        Assert.Equal(["2", "3", "4"], rest.Select(instance => instance.ReadOutputAs<string>()));
        await Assert.ThrowsAsync<ArgumentException>(async () => await host.Client.GetAllInstancesAsync(new OrchestrationQuery(ContinuationToken: "nonsense!")).ToListAsync());
    }

    [Fact]
    public async Task A_version_comes_from_the_client_the_caller_or_host_json()
    {
        await using var host = await StartAsync(DurableHost.With("defaultVersion", "1"));

        Assert.Equal("1", (await host.RunAsync("Version")).ReadOutputAs<string>());
        Assert.Equal("2", (await host.RunAsync("Version", options: new StartOrchestrationOptions { Version = "2" })).ReadOutputAs<string>());
        Assert.Equal("13", (await host.RunAsync("CallVersion")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Waiting_ends_when_the_caller_does_not_want_to_wait_any_more()
    {
        await using var host = await StartAsync();
        using var cancellation = new CancellationTokenSource();

        var waiting = host.Client.WaitForInstanceCompletionAsync("nobody", cancellation.Token);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
