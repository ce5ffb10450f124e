using Larder.Host.Durable;
using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Host.Tests.Durable.Support;
using Larder.Host.Tests.Support;
using Larder.Testing;
using Microsoft.DurableTask;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Tests.Durable;

/// <summary>Hosts: their limits, their ends, their names, and what keeps them from starting.</summary>
public sealed class HostTests(Azurite azurite) : IClassFixture<Azurite>
{
    /// <summary>Lets activities run until the test says so, and counts them.</summary>
    /// <param name="wanted">How many must run at once for it to be entered.</param>
    public sealed class Gate(int wanted = 1)
    {
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _running;
        private int _most;
        private int _runs;

        public int Most => _most;

        public int Runs => _runs;

        public Task Entered => _entered.Task;

        public void Open() => _open.TrySetResult();

        public async Task PassAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _runs);
            var now = Interlocked.Increment(ref _running);
            for (var seen = _most; seen < now; seen = _most)
                Interlocked.CompareExchange(ref _most, now, seen);
            if (now >= wanted)
                _entered.TrySetResult();
            try
            {
                await _open.Task.WaitAsync(cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref _running);
            }
        }
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

        [Function("Retrying")]
        public static Task<int> Retrying([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync<int>("PassStubbornly");

        [Function("PassStubbornly")]
        public async Task<int> PassStubbornly([ActivityTrigger] string? input)
        {
            await gate.PassAsync(CancellationToken.None);
            return 1;
        }

        [Function("Wait")]
        public static Task<string> Wait([OrchestrationTrigger] TaskOrchestrationContext context) => context.WaitForExternalEvent<string>("go");
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

    [Fact]
    public async Task Only_so_many_activities_run_at_once()
    {
        var gate = new Gate(3);
        await using var host = await StartAsync(DurableHost.NewHubName(), gate, DurableHost.With("ConcurrentActivities", "3"));

        var id = await host.BeginAsync("Fan", input: 10);
        await gate.Entered;

        // Meanwhile a fourth would have begun.
        var other = await host.BeginAsync("Wait");
        await host.Client.RaiseEventAsync(other, "go", "on");
        await host.EndOf(other);
        Assert.Equal(3, gate.Runs);
        gate.Open();

        Assert.Equal(10, (await host.EndOf(id)).ReadOutputAs<int>());
        Assert.Equal(3, gate.Most);
    }

    [Fact]
    public async Task An_activity_that_is_cut_short_by_the_host_s_end_runs_again()
    {
        var hub = DurableHost.NewHubName();
        var gate = new Gate();
        string id;
        await using (var first = await StartAsync(hub, gate))
        {
            id = await first.BeginAsync("Fan", input: 1);
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
            id = await first.BeginAsync("Retrying");
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
    public async Task Instances_of_a_host_that_stops_go_on_at_the_other()
    {
        var hub = DurableHost.NewHubName();
        await using var first = await StartAsync(hub, new Gate());
        var waiting = await first.BeginAsync("Wait");
        var held = await first.BeginAsync("Wait");
        await first.Client.SuspendInstanceAsync(held);
        await first.Client.RaiseEventAsync(held, "go", "held");
        await using var second = await StartAsync(hub, new Gate());
        await first.StopAsync();

        await second.Client.RaiseEventAsync(waiting, "go", "on");
        await second.Client.ResumeInstanceAsync(held);

        Assert.Equal("on", (await second.EndOf(waiting)).ReadOutputAs<string>());
        Assert.Equal("held", (await second.EndOf(held)).ReadOutputAs<string>());
    }

    [Fact]
    public void A_host_has_the_same_name_after_a_restart_and_two_of_one_folder_have_two()
    {
        using var folder = new TemporaryFolder();
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("LocalFolder", folder.Path)]).Build();
        string first;
        using (var claim = WorkerClaim.Take(settings, "http://account/"))
        {
            first = claim.Id;
            using var other = WorkerClaim.Take(settings, "http://account/");
            Assert.NotEqual(first, other.Id);
        }

        using var again = WorkerClaim.Take(settings, "http://account/");
        using var another = WorkerClaim.Take(settings, "http://another/");
        Assert.Equal(first, again.Id);
        Assert.NotEqual(first, another.Id);
    }

    [Theory]
    [InlineData(typeof(WrongContext), "The 'Bad' function is in error: the parameter 'context' of an orchestrator must be a TaskOrchestrationContext.")]
    [InlineData(typeof(TwoInputs), "The 'Bad' function is in error: Cannot bind parameter 'second' to type Int32. Make sure the parameter Type is supported by the binding (orchestrationTrigger).")]
    [InlineData(typeof(SameName), "The 'Two' function is in error: there is an activity of the name 'work' already: the function 'One'.")]
    [InlineData(typeof(WrongClient), "The 'Bad' function is in error: Cannot bind parameter 'client' to type HttpClient.")]
    public async Task Functions_that_cannot_work_keep_the_host_from_starting(Type functions, string sentence)
    {
        var error = await Assert.ThrowsAsync<SelfHostException>(() => DurableHost.StartAsync(azurite.ConnectionString, DurableHost.NewHubName(), [functions]));

        Assert.StartsWith(sentence, error.Message);
    }

    [Theory]
    [InlineData("my hub", "host.json: 'extensions.durableTask.hubName' must be 3 to 45 letters and digits that begin with a letter; it is 'my hub'.")]
    [InlineData("%NO_SUCH_SETTING%", "host.json: 'extensions.durableTask.hubName': '%NO_SUCH_SETTING%' names the setting 'NO_SUCH_SETTING', which has no value.")]
    public async Task A_name_that_no_hub_can_have_keeps_the_host_from_starting(string hub, string sentence)
    {
        Assert.Equal(sentence, (await Assert.ThrowsAsync<SelfHostException>(() => StartAsync(hub, new Gate()))).Message);
    }

    [Theory]
    [InlineData("Visibility", "00:00:01", "The field Visibility must be between 00:00:06 and 01:00:00.")]
    [InlineData("PartitionCount", "17", "The field PartitionCount must be between 1 and 16.")]
    [InlineData("ConcurrentActivities", "0", "The field ConcurrentActivities must be between 1 and 10000.")]
    [InlineData("LargestPollingInterval", "00:00:00.001", "The field LargestPollingInterval must be between 00:00:00.0500000 and 00:01:00.")]
    public async Task Settings_that_make_no_sense_keep_the_host_from_starting(string setting, string value, string sentence)
    {
        var error = await Assert.ThrowsAsync<SelfHostException>(() => StartAsync(DurableHost.NewHubName(), new Gate(), DurableHost.With(setting, value)));

        Assert.Equal($"SelfHost:Durable: {sentence}", error.Message);
    }

    [Theory]
    [InlineData("AzureWebJobsStorage", "nonsense", "The setting 'AzureWebJobsStorage' is not a storage connection string.")]
    [InlineData("AzureWebJobsStorage:blobServiceUri", "https://a.blob.core.windows.net", "Orchestrations need the setting 'AzureWebJobsStorage__queueServiceUri', ")]
    public async Task Storage_that_cannot_be_used_keeps_the_host_from_starting(string setting, string value, string sentence)
    {
        var error = await Assert.ThrowsAsync<SelfHostException>(
            () => StartAsync(DurableHost.NewHubName(), new Gate(), builder => builder.Configuration[setting] = value));

        Assert.StartsWith(sentence, error.Message);
    }

    private Task<DurableHost> StartAsync(string hub, Gate gate, params Action<SelfHostBuilder>[] configure) =>
        DurableHost.StartAsync(azurite.ConnectionString, hub, [typeof(Functions)], [DurableHost.WithService(gate), .. configure]);
}
