using Azure.Storage.Blobs.Specialized;
using Larder.Testing;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests.Durable;

/// <summary>Hosts: their limits, their ends, and how one takes over from another.</summary>
public sealed class HostTests(Azurite azurite) : IClassFixture<Azurite>
{
    /// <summary>Lets activities run until the test says so, and counts them.</summary>
    /// <param name="wanted">How many must run at once for it to be entered.</param>
    public sealed class Gate(int wanted = 1)
    {
        private readonly TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int running;
        private int most;
        private int runs;

        public int Most => most;

        public int Runs => runs;

        public Task Entered => entered.Task;

        public void Open() => open.TrySetResult();

        public async Task PassAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref runs);
            var now = Interlocked.Increment(ref running);
            for (var seen = most; seen < now; seen = most)
                Interlocked.CompareExchange(ref most, now, seen);
            if (now >= wanted)
                entered.TrySetResult();
            try
            {
                await open.Task.WaitAsync(cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }
    }

    /// <summary>Is a while with orchestrators that pass; the first are held until so many are in it.</summary>
    public sealed class Turnstile(int wanted)
    {
        private readonly ManualResetEventSlim full = new();
        private int inside;
        private int most;

        public int Most => most;

        public void Pass()
        {
            var now = Interlocked.Increment(ref inside);
            for (var seen = most; seen < now; seen = most)
                Interlocked.CompareExchange(ref most, now, seen);
            if (now >= wanted)
                full.Set();
            full.Wait(TimeSpan.FromMinutes(1));

            // Some work, in which others could come.
            Thread.Sleep(5);
            Interlocked.Decrement(ref inside);
        }
    }

    public sealed class Slow(Turnstile turnstile)
    {
        [Function("SlowTurns")]
        public async Task<string> Turns([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            turnstile.Pass();
            await context.CallActivityAsync<int>("Nothing");
            turnstile.Pass();
            return "through";
        }

        [Function("Nothing")]
        public static int Nothing([ActivityTrigger] string? input) => 0;
    }

    public sealed class Functions(Gate gate)
    {
        [Function("Fan")]
        public static async Task<int> Fan([OrchestrationTrigger] TaskOrchestrationContext context, int count) =>
            (await Task.WhenAll(Enumerable.Range(0, count).Select(_ => context.CallActivityAsync<int>("Pass")))).Sum();

        [Function("Pass")]
        public async Task<int> Pass([ActivityTrigger] string? input, CancellationToken cancellationToken)
        {
            await gate.PassAsync(cancellationToken);
            return 1;
        }

        [Function("Stubborn")]
        public static Task<int> Stubborn([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync<int>("PassStubbornly");

        [Function("PassStubbornly")]
        public async Task<int> PassStubbornly([ActivityTrigger] string? input)
        {
            await gate.PassAsync(CancellationToken.None);
            return 1;
        }

        [Function("Wait")]
        public static Task<string> Wait([OrchestrationTrigger] TaskOrchestrationContext context) => context.WaitForExternalEvent<string>("go");

        [Function("Three")]
        public static async Task<int> Three([OrchestrationTrigger] TaskOrchestrationContext context, int number)
        {
            for (var i = 0; i < 3; i++)
                number = await context.CallActivityAsync<int>("Add", number);
            return number;
        }

        [Function("Add")]
        public static int Add([ActivityTrigger] int number) => number + 1;

        [Function("StartAnother")]
        public static Task<string> StartAnother([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync<string>("Starter", 39);

        [Function("Starter")]
        public static Task<string> Starter([ActivityTrigger] int number, [DurableClient] DurableTaskClient client, FunctionContext context) =>
            client.ScheduleNewOrchestrationInstanceAsync("Three", number, context.CancellationToken);
    }

    /// <summary>An application without orchestrators and activities: a client only.</summary>
    public static class NoFunctions
    {
    }

    private Task<DurableHost> StartAsync(string hub, Gate gate, params Action<Microsoft.Azure.Functions.Worker.Builder.SelfHostBuilder>[] configure) =>
        DurableHost.StartAsync(azurite, hub, [typeof(Functions)], [DurableHost.WithService(gate), .. configure]);

    [Fact]
    public async Task Only_so_many_activities_run_at_once()
    {
        var gate = new Gate(3);
        await using var host = await StartAsync(DurableHost.NewHubName(), gate, DurableHost.With("maxConcurrentActivityFunctions", "3"));

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Fan", 20);
        await gate.Entered;

        // Meanwhile a fourth would have begun.
        var other = await host.Client.ScheduleNewOrchestrationInstanceAsync("Wait");
        await host.Client.RaiseEventAsync(other, "go", "on");
        await host.EndOf(other);
        Assert.Equal(3, gate.Runs);
        gate.Open();

        Assert.Equal(20, (await host.EndOf(id)).ReadOutputAs<int>());
        Assert.Equal(3, gate.Most);
        Assert.Equal(20, gate.Runs);
    }

    [Fact]
    public async Task Only_so_many_orchestrators_run_at_once()
    {
        var turnstile = new Turnstile(2);
        await using var host = await DurableHost.StartAsync(
            azurite, [typeof(Slow)], DurableHost.WithService(turnstile), DurableHost.With("maxConcurrentOrchestratorFunctions", "2"));

        var ends = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.RunAsync("SlowTurns")));

        Assert.All(ends, end => Assert.Equal("through", end.ReadOutputAs<string>()));
        Assert.Equal(2, turnstile.Most);
    }

    [Theory]
    [InlineData("maxConcurrentOrchestratorFunctions", "1")]
    [InlineData("maxConcurrentOrchestratorFunctions", "50")]
    [InlineData("extendedSessionsEnabled", "true")]
    public async Task A_hundred_orchestrations_run_at_once(string setting, string value)
    {
        await using var host = await StartAsync(DurableHost.NewHubName(), new Gate(), DurableHost.With(setting, value));

        var ends = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => host.RunAsync("Three", i)));

        Assert.Equal(Enumerable.Range(3, 100), ends.Select(end => end.ReadOutputAs<int>()));
    }

    [Fact]
    public async Task Functions_get_a_client()
    {
        await using var host = await StartAsync(DurableHost.NewHubName(), new Gate());

        var started = (await host.RunAsync("StartAnother")).ReadOutputAs<string>()!;

        Assert.Equal(42, (await host.EndOf(started)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task An_activity_that_is_cut_short_by_the_host_s_end_runs_again()
    {
        var hub = DurableHost.NewHubName();
        var gate = new Gate();
        string id;
        await using (var first = await StartAsync(hub, gate))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Fan", 1);
            await gate.Entered;
        }

        gate.Open();
        await using var second = await StartAsync(hub, gate);

        Assert.Equal(1, (await second.EndOf(id)).ReadOutputAs<int>());
        Assert.Equal(2, gate.Runs);
    }

    [Fact]
    public async Task An_activity_that_comes_to_its_end_while_the_host_stops_does_not_run_again()
    {
        var hub = DurableHost.NewHubName();
        var gate = new Gate();
        string id;
        await using (var first = await StartAsync(hub, gate))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Stubborn");
            await gate.Entered;
            var stopping = first.StopAsync();
            gate.Open();
            await stopping;
        }

        await using var second = await StartAsync(hub, gate);

        Assert.Equal(1, (await second.EndOf(id)).ReadOutputAs<int>());
        Assert.Equal(1, gate.Runs);
    }

    [Fact]
    public async Task A_second_host_stands_by_and_passes_on_what_its_clients_ask_and_takes_over_when_the_first_stops()
    {
        var hub = DurableHost.NewHubName();
        await using var first = await StartAsync(hub, new Gate());
        await first.RunAsync("Three", 1);
        await using var second = await StartAsync(hub, new Gate());

        // Through the inbox, since the first host runs the hub.
        Assert.Null(second.Worker.Hub);
        Assert.Equal(8, (await second.RunAsync("Three", 5)).ReadOutputAs<int>());
        var waiting = await second.Client.ScheduleNewOrchestrationInstanceAsync("Wait");
        var held = await second.Client.ScheduleNewOrchestrationInstanceAsync("Wait");
        await second.Client.SuspendInstanceAsync(held);
        await second.Client.RaiseEventAsync(held, "go", "held");
        await second.Client.WaitForInstanceStartAsync(waiting);
        await first.StopAsync();

        await second.Client.RaiseEventAsync(waiting, "go", "on");
        Assert.Equal("on", (await second.EndOf(waiting)).ReadOutputAs<string>());
        await second.Client.ResumeInstanceAsync(held);
        Assert.Equal("held", (await second.EndOf(held)).ReadOutputAs<string>());
        Assert.Contains(second.Log.Entries, entry => entry.Message.StartsWith($"Another host runs the task hub '{hub}'", StringComparison.Ordinal));
        Assert.Empty(await second.BlobsBelow("inbox/"));
    }

    [Fact]
    public async Task A_client_in_another_process_keeps_its_order_and_is_refused_as_any()
    {
        var hub = DurableHost.NewHubName();
        await using var client = await DurableHost.StartAsync(azurite, hub, [typeof(NoFunctions)]);
        var id = await client.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("one"));
        await client.Client.RaiseEventAsync(id, "go", "first");
        await client.Client.RaiseEventAsync(id, "go", "second");
        var error = await Assert.ThrowsAnyAsync<Exception>(() => client.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("one")));

        await using var host = await StartAsync(hub, new Gate());

        Assert.Equal("OrchestrationAlreadyExistsException", error.GetType().Name);
        Assert.Equal("first", (await client.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_host_that_loses_its_lease_stops_at_once_and_goes_on_when_it_has_it_again()
    {
        var hub = DurableHost.NewHubName();
        var gate = new Gate();
        await using var host = await StartAsync(hub, gate);
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Fan", 1);
        await gate.Entered;

        // As when this machine has slept, and another host has taken the hub over.
        var lease = host.Store.Lock.GetBlobLeaseClient();
        await lease.BreakAsync(TimeSpan.Zero);
        await lease.AcquireAsync(TimeSpan.FromSeconds(15));
        await Eventually(() => host.Worker.Hub is null);
        await Eventually(() => host.Log.Entries.Any(entry => entry is { Category: "Function.Pass", Level: LogLevel.Error }));
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await host.Client.GetInstanceAsync(id))!.RuntimeStatus);
        gate.Open();
        await lease.ReleaseAsync();

        Assert.Equal(1, (await host.EndOf(id)).ReadOutputAs<int>());
        Assert.Equal(2, gate.Runs);
    }

    [Fact]
    public async Task A_hub_is_not_taken_from_a_holder_that_may_live()
    {
        var hub = DurableHost.NewHubName();
        await using var first = await StartAsync(hub, new Gate());
        await first.RunAsync("Three", 1);
        var metadata = (await first.Store.Lock.GetPropertiesAsync()).Value.Metadata;

        var holder = HubHolder.Read(metadata)!;

        Assert.False(holder.IsDead);
        Assert.True((holder with { Process = holder.Process with { Started = holder.Process.Started.AddHours(-1) } }).IsDead);
        Assert.False((holder with { Machine = "another", Process = holder.Process with { Id = int.MaxValue } }).IsDead);
        Assert.Null(await HubLease.TryAcquireAsync(first.Store.Lock, _ => { }, default));
    }

    public static class WrongContext
    {
        [Function("Bad")]
        public static void Bad([OrchestrationTrigger] string context)
        {
        }
    }

    public static class TwoInputs
    {
        [Function("Bad")]
        public static void Bad([OrchestrationTrigger] TaskOrchestrationContext context, int first, int second)
        {
        }
    }

    public static class SameName
    {
        [Function("One")]
        public static void One([ActivityTrigger(Activity = "Work")] string? input)
        {
        }

        [Function("Two")]
        public static void Two([ActivityTrigger(Activity = "work")] string? input)
        {
        }
    }

    public static class WrongClient
    {
        [Function("Bad")]
        public static void Bad([ActivityTrigger] string? input, [DurableClient] HttpClient client)
        {
        }
    }

    [Theory]
    [InlineData(typeof(WrongContext), "The 'Bad' function is in error: the parameter 'context' of an orchestrator must be a TaskOrchestrationContext.")]
    [InlineData(typeof(TwoInputs), "The 'Bad' function is in error: Cannot bind parameter 'second' to type Int32. Make sure the parameter Type is supported by the binding (orchestrationTrigger).")]
    [InlineData(typeof(SameName), "The 'Two' function is in error: there is an activity of the name 'work' already: the function 'One'.")]
    [InlineData(typeof(WrongClient), "The 'Bad' function is in error: Cannot bind parameter 'client' to type HttpClient.")]
    public async Task Functions_that_cannot_work_keep_the_host_from_starting(Type functions, string sentence)
    {
        var error = await Assert.ThrowsAsync<SelfHostException>(() => DurableHost.StartAsync(azurite, [functions]));

        Assert.StartsWith(sentence, error.Message);
    }

    [Theory]
    [InlineData("hubName", "my hub", "host.json: 'extensions.durableTask.hubName' must be 3 to 45 letters and digits that begin with a letter; it is 'my hub'.")]
    [InlineData("hubName", "%NO_SUCH_SETTING%", "host.json: 'extensions.durableTask.hubName': '%NO_SUCH_SETTING%' names the setting 'NO_SUCH_SETTING', which has no value.")]
    [InlineData("maxConcurrentActivityFunctions", "-1", "host.json: 'extensions.durableTask.maxConcurrentActivityFunctions' must be a positive whole number; it is '-1'.")]
    [InlineData("maxConcurrentOrchestratorFunctions", "many", "host.json: 'extensions.durableTask.maxConcurrentOrchestratorFunctions' must be a positive whole number, or -1 for no limit; it is 'many'.")]
    [InlineData("extendedSessionsEnabled", "perhaps", "host.json: 'extensions.durableTask.extendedSessionsEnabled' must be true or false; it is 'perhaps'.")]
    public async Task Settings_that_make_no_sense_keep_the_host_from_starting(string setting, string value, string sentence)
    {
        var error = await Assert.ThrowsAsync<SelfHostException>(() => StartAsync(DurableHost.NewHubName(), new Gate(), DurableHost.With(setting, value)));

        Assert.Equal(sentence, error.Message);
    }

    [Fact]
    public async Task Without_storage_the_host_says_so()
    {
        var error = await Assert.ThrowsAsync<SelfHostException>(
            () => StartAsync(DurableHost.NewHubName(), new Gate(), builder => builder.Configuration["AzureWebJobsStorage"] = ""));

        Assert.StartsWith("Durable functions need storage: the connection 'AzureWebJobsStorage' does not exist", error.Message);
    }

    // The lease is renewed in real time, and nothing tells a test of it.
    private static async Task Eventually(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(50);
    }
}
