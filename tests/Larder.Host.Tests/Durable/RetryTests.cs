using System.Collections.Concurrent;
using Larder.Testing;

namespace Larder.Host.Tests.Durable;

/// <summary>Failures, and attempts after them, on a clock that the tests move.</summary>
public sealed class RetryTests(Azurite azurite) : IClassFixture<Azurite>
{
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    public sealed class Attempts(TimeProvider clock)
    {
        private readonly ConcurrentQueue<DateTimeOffset> times = new();

        public IReadOnlyList<DateTimeOffset> Times => [.. times];

        public int Add()
        {
            lock (times)
            {
                times.Enqueue(clock.GetUtcNow());
                return times.Count;
            }
        }
    }

    public sealed class Transient(string message, Exception? inner = null) : InvalidOperationException(message, inner);

    public sealed class Functions(Attempts attempts)
    {
        [Function("Policy")]
        public static Task<string> Policy([OrchestrationTrigger] TaskOrchestrationContext context, int attempts) => context.CallActivityAsync<string>(
            "FailFirst", attempts, TaskOptions.FromRetryPolicy(new RetryPolicy(6, 2 * second, 2, maxRetryInterval: 10 * second)));

        [Function("TimeLimit")]
        public static Task<string> TimeLimit([OrchestrationTrigger] TaskOrchestrationContext context, int attempts) => context.CallActivityAsync<string>(
            "FailFirst", attempts, new TaskOptions(new RetryPolicy(100, 10 * second, retryTimeout: 25 * second)));

        [Function("Selective")]
        public static Task<string> Selective([OrchestrationTrigger] TaskOrchestrationContext context, int attempts) => context.CallActivityAsync<string>(
            "FailFirst", attempts, new TaskOptions(new RetryPolicy(5, second) { HandleFailure = failure => !failure.IsCausedBy<Transient>() }));

        [Function("Handler")]
        public static async Task<string> Handler([OrchestrationTrigger] TaskOrchestrationContext context, int attempts)
        {
            var seen = new List<string>();
            var options = TaskOptions.FromRetryHandler(async retry =>
            {
                seen.Add($"{retry.LastAttemptNumber} {retry.LastFailure.ErrorMessage} {retry.TotalRetryTime}");
                await context.CreateTimer(retry.LastAttemptNumber * second, retry.CancellationToken);
                return retry.LastAttemptNumber < 3;
            });
            try
            {
                seen.Add(await context.CallActivityAsync<string>("FailFirst", attempts, options));
            }
            catch (TaskFailedException error)
            {
                seen.Add($"gave up: {error.TaskName} #{error.TaskId}");
            }

            return string.Join(", ", seen);
        }

        [Function("CallsNothing")]
        public static Task<string> CallsNothing([OrchestrationTrigger] TaskOrchestrationContext context) =>
            context.CallActivityAsync<string>("Nothing", new TaskOptions(new RetryPolicy(100, second)));

        [Function("Details")]
        public static async Task<string> Details([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            try
            {
                await context.CallActivityAsync("FailFirst", 1);
                return "";
            }
            catch (TaskFailedException error)
            {
                var details = error.FailureDetails;
                return string.Join('|', error.Message, details, details.InnerFailure, details.IsCausedBy<Transient>(), details.IsCausedBy<InvalidOperationException>(),
                    details.IsCausedBy<ArgumentException>(), details.InnerFailure!.IsCausedBy<IOException>(), details.StackTrace!.Contains(nameof(FailFirst)));
            }
        }

        [Function("FailFirst")]
        public string FailFirst([ActivityTrigger] int failures)
        {
            var attempt = attempts.Add();
            return attempt <= failures ? throw new Transient($"attempt {attempt}", new IOException("broken pipe")) : $"attempt {attempt}";
        }
    }

    private async Task<(OrchestrationMetadata End, IReadOnlyList<double> Seconds)> RunAsync(string name, object? input, params double[] timers)
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        var attempts = new Attempts(clock);
        await using var host = await DurableHost.StartAsync(azurite, [typeof(Functions)], DurableHost.On(clock), DurableHost.WithService(attempts));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync(name, input);
        foreach (var timer in timers)
        {
            await clock.WhenTimerIsDue(due => due == start + timer * second);
            clock.AdvanceTo(start + timer * second);
        }

        return (await host.EndOf(id), [.. attempts.Times.Select(time => (time - start).TotalSeconds)]);
    }

    [Fact]
    public async Task A_policy_backs_off_exactly_up_to_its_longest_interval()
    {
        var (end, seconds) = await RunAsync("Policy", 5, 2, 6, 14, 24, 34);

        Assert.Equal("attempt 6", end.ReadOutputAs<string>());
        Assert.Equal([0, 2, 6, 14, 24, 34], seconds);
    }

    [Fact]
    public async Task A_policy_gives_up_after_its_last_attempt_with_that_one_s_failure()
    {
        var (end, seconds) = await RunAsync("Policy", 100, 2, 6, 14, 24, 34);

        Assert.Equal(6, seconds.Count);
        Assert.Equal("attempt 6", end.FailureDetails!.InnerFailure!.ErrorMessage);
    }

    [Fact]
    public async Task A_policy_gives_up_when_its_time_is_over()
    {
        var (end, seconds) = await RunAsync("TimeLimit", 100, 10, 20, 30);

        Assert.Equal([0, 10, 20, 30], seconds);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
    }

    [Fact]
    public async Task A_policy_does_not_try_again_what_it_does_not_handle()
    {
        var (end, seconds) = await RunAsync("Selective", 1);

        Assert.Equal([0], seconds);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
    }

    [Fact]
    public async Task A_handler_is_asked_after_each_failure_and_may_wait()
    {
        var (end, _) = await RunAsync("Handler", 2, 1, 3);

        Assert.Equal("1 attempt 1 00:00:00, 2 attempt 2 00:00:01, attempt 3", end.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_handler_ends_the_attempts()
    {
        var (end, seconds) = await RunAsync("Handler", 100, 1, 3, 6);

        Assert.Equal(3, seconds.Count);
        Assert.EndsWith("3 attempt 3 00:00:03, gave up: FailFirst #4", end.ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_activity_that_does_not_exist_is_not_tried_again_and_the_sentence_says_what_exists()
    {
        var (end, _) = await RunAsync("CallsNothing", null);

        Assert.Equal(
            "Task 'Nothing' (#0) failed with an unhandled exception: There is no activity 'Nothing': this application's are 'FailFirst'.", end.FailureDetails!.ErrorMessage);
        Assert.True(end.FailureDetails.InnerFailure!.IsCausedBy<ArgumentException>());
    }

    [Fact]
    public async Task An_orchestrator_that_does_not_exist_fails_and_the_sentence_says_what_exists()
    {
        var (end, _) = await RunAsync("Nobody", null);

        Assert.StartsWith("There is no orchestrator 'Nobody': this application's are 'CallsNothing', ", end.FailureDetails!.ErrorMessage);
    }

    [Fact]
    public async Task A_failure_tells_type_message_cause_and_place()
    {
        var (end, _) = await RunAsync("Details", null);

        Assert.Equal(
            "Task 'FailFirst' (#0) failed with an unhandled exception: attempt 1|" +
            "Larder.Host.Tests.Durable.RetryTests+Transient: attempt 1|System.IO.IOException: broken pipe|True|True|False|True|True",
            end.ReadOutputAs<string>());
    }
}
