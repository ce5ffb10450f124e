using System.Collections.Concurrent;
using Larder.Host.Tests.Durable.Support;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Larder.Host.Tests.Durable;

/// <summary>Failures, and attempts after them.</summary>
public sealed class RetryTests(HostFixture<RetryTests.Functions> fixture) : IClassFixture<HostFixture<RetryTests.Functions>>
{
    // Below a second, which is the provider's smallest unit, an attempt follows at once.
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(50);

    private DurableHost Host => fixture.Host;

    public sealed class Transient(string message, Exception? inner = null) : InvalidOperationException(message, inner);

    public sealed record Failing(string Key, int Failures);

    public sealed class Functions
    {
        private static readonly ConcurrentDictionary<string, int> Attempts = new();

        public static int AttemptsOf(string key) => Attempts.GetValueOrDefault(key);

        [Function("Policy")]
        public static Task<string> Policy([OrchestrationTrigger] TaskOrchestrationContext context, int failures) => context.CallActivityAsync<string>(
            "FailFirst", new Failing(context.InstanceId, failures), TaskOptions.FromRetryPolicy(new RetryPolicy(4, AtOnce)));

        [Function("Waits")]
        public static async Task<double> Waits([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var began = context.CurrentUtcDateTime;
            await context.CallActivityAsync<string>(
                "FailFirst", new Failing(context.InstanceId, 1), TaskOptions.FromRetryPolicy(new RetryPolicy(2, TimeSpan.FromSeconds(2))));
            return (context.CurrentUtcDateTime - began).TotalSeconds;
        }

        [Function("Selective")]
        public static Task<string> Selective([OrchestrationTrigger] TaskOrchestrationContext context, int failures) => context.CallActivityAsync<string>(
            "FailFirst",
            new Failing(context.InstanceId, failures),
            new TaskOptions(new RetryPolicy(5, AtOnce) { HandleFailure = failure => !failure.IsCausedBy<Transient>() }));

        [Function("Handler")]
        public static async Task<string> Handler([OrchestrationTrigger] TaskOrchestrationContext context, int failures)
        {
            var seen = new List<string>();
            var options = TaskOptions.FromRetryHandler(retry =>
            {
                seen.Add($"{retry.LastAttemptNumber} {retry.LastFailure.ErrorMessage}");
                return retry.LastAttemptNumber < 3;
            });
            try
            {
                seen.Add(await context.CallActivityAsync<string>("FailFirst", new Failing(context.InstanceId, failures), options));
            }
            catch (TaskFailedException error)
            {
                seen.Add($"gave up: {error.TaskName}");
            }

            return string.Join(", ", seen);
        }

        [Function("RetriesChild")]
        public static Task<string> RetriesChild([OrchestrationTrigger] TaskOrchestrationContext context, int failures) => context.CallSubOrchestratorAsync<string>(
            "FailingChild", new Failing(context.InstanceId, failures), TaskOptions.FromRetryPolicy(new RetryPolicy(3, AtOnce)));

        [Function("FailingChild")]
        public static Task<string> FailingChild([OrchestrationTrigger] TaskOrchestrationContext context, Failing failing) =>
            context.CallActivityAsync<string>("FailFirst", failing);

        [Function("CallsNothing")]
        public static Task<string> CallsNothing([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync<string>("Nothing");

        [Function("Details")]
        public static async Task<string> Details([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            try
            {
                return await context.CallActivityAsync<string>("FailFirst", new Failing(context.InstanceId, 1));
            }
            catch (TaskFailedException error)
            {
                var details = error.FailureDetails;
                return string.Join('|', details.ErrorType, details.ErrorMessage, details.InnerFailure, details.IsCausedBy<Transient>(),
                    details.IsCausedBy<InvalidOperationException>(), details.IsCausedBy<ArgumentException>(), details.StackTrace!.Contains(nameof(FailFirst)));
            }
        }

        [Function("FailFirst")]
        public static string FailFirst([ActivityTrigger] Failing failing)
        {
            var attempt = Attempts.AddOrUpdate(failing.Key, 1, (_, count) => count + 1);
            return attempt <= failing.Failures ? throw new Transient($"attempt {attempt}", new IOException("broken pipe")) : $"attempt {attempt}";
        }
    }

    [Fact]
    public async Task A_policy_tries_again_until_it_works()
    {
        Assert.Equal("attempt 3", (await Host.RunAsync("Policy", 2)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_policy_gives_up_after_its_last_attempt_with_that_one_s_failure()
    {
        var end = await Host.RunAsync("Policy", 100);

        Assert.Equal(4, Functions.AttemptsOf(end.InstanceId));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("attempt 4", end.SerializedOutput);
    }

    [Fact]
    public async Task A_policy_waits_between_attempts()
    {
        // Timers fire up to a second early, here as in Azure: the queue's unit is the second.
        Assert.InRange((await Host.RunAsync("Waits")).ReadOutputAs<double>(), 1, 20);
    }

    [Fact]
    public async Task A_policy_does_not_try_again_what_it_does_not_handle()
    {
        var end = await Host.RunAsync("Selective", 1);

        Assert.Equal(1, Functions.AttemptsOf(end.InstanceId));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
    }

    [Theory]
    [InlineData(2, "1 attempt 1, 2 attempt 2, attempt 3")]
    [InlineData(100, "1 attempt 1, 2 attempt 2, 3 attempt 3, gave up: FailFirst")]
    public async Task A_handler_is_asked_after_each_failure(int failures, string seen)
    {
        Assert.Equal(seen, (await Host.RunAsync("Handler", failures)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Orchestrations_that_are_called_are_tried_again_too()
    {
        Assert.Equal("attempt 3", (await Host.RunAsync("RetriesChild", 2)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_activity_that_does_not_exist_fails_its_caller_with_a_sentence()
    {
        var end = await Host.RunAsync("CallsNothing");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("There is no activity 'Nothing': this application's are 'FailFirst'.", end.SerializedOutput);
    }

    [Fact]
    public async Task An_orchestrator_that_does_not_exist_fails_with_a_sentence()
    {
        var end = await Host.RunAsync("Unknown");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.StartsWith("System.ArgumentException: There is no orchestrator 'Unknown': this application's are 'CallsNothing', ", end.SerializedOutput);
    }

    [Fact]
    public async Task A_failure_tells_type_message_cause_and_place()
    {
        Assert.Equal(
            "Larder.Host.Tests.Durable.RetryTests+Transient|attempt 1|System.IO.IOException: broken pipe|True|True|False|True",
            (await Host.RunAsync("Details")).ReadOutputAs<string>());
    }
}
