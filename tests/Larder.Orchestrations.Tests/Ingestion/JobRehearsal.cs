using Microsoft.DurableTask;
using Moq;

namespace Larder.Orchestrations.Tests;

/// <summary>
/// An orchestration of a job's id without an engine: activities answer what a test says, timers end at once, and what the orchestrator decides is
/// written down.
/// </summary>
internal sealed class JobRehearsal
{
    public const string Job = "0123456789abcdef";

    private readonly Mock<TaskOrchestrationContext> context = new() { CallBase = true };
    private readonly TaskCompletionSource<object?> cancel = new();
    private DateTime now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public JobRehearsal()
    {
        context.Setup(c => c.GetInput<string>()).Returns(Job);
        context.Setup(c => c.InstanceId).Returns(Job);
        context.Setup(c => c.CurrentUtcDateTime).Returns(() => now);
        context.Setup(c => c.WaitForExternalEvent<object?>(JobScheduler.CancelEvent, It.IsAny<CancellationToken>())).Returns(cancel.Task);
        context.Setup(c => c.CreateTimer(It.IsAny<DateTime>(), It.IsAny<CancellationToken>())).Returns((DateTime at, CancellationToken _) =>
        {
            Waits.Add(at - now);
            now = at;
            return Task.CompletedTask;
        });
        Activity<object?>(ActivityNames.BeginJob, _ => null);
        Activity<object?>(ActivityNames.EndJob, _ => null);
    }

    /// <summary>Names of the activities that were called, in order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>What they were given.</summary>
    public List<object?> Inputs { get; } = [];

    /// <summary>How the timers were set.</summary>
    public List<TimeSpan> Waits { get; } = [];

    /// <summary>What the job ended with.</summary>
    public EndJob.Input Ended => Assert.IsType<EndJob.Input>(Inputs[^1]);

    /// <summary>Says what an activity answers, or throws.</summary>
    public JobRehearsal Activity<T>(string name, Func<object?, T> answer)
    {
        context.Setup(c => c.CallActivityAsync<T>(It.Is<TaskName>(given => given.Name == name), It.IsAny<object?>(), It.IsAny<TaskOptions?>()))
            .Returns((TaskName _, object? input, TaskOptions? _) =>
            {
                Calls.Add(name);
                Inputs.Add(input);
                return Task.FromResult(answer(input));
            });
        return this;
    }

    /// <summary>An activity that the server cannot do.</summary>
    public JobRehearsal Broken<T>(string name) => Activity<T>(
        name, _ => throw new TaskFailedException(name, 1, new TaskFailureDetails("System.IO.IOException", "The disk is gone.", null, null, null)));

    /// <summary>The event that cancels arrives.</summary>
    public void Cancel() => cancel.TrySetResult(null);

    /// <summary>Runs an orchestrator to its end.</summary>
    public async Task<JobRehearsal> RunAsync(Func<TaskOrchestrationContext, Task> orchestrator)
    {
        await orchestrator(context.Object);
        return this;
    }
}
