using Microsoft.DurableTask;
using Moq;

namespace Larder.Orchestrations.Tests;

/// <summary>
/// An orchestration without an engine: activities answer what a test says, timers end at once and move the clock, and everything that the
/// orchestrator decides is written down.
/// </summary>
internal sealed class Rehearsal
{
    private readonly Mock<TaskOrchestrationContext> context = new() { CallBase = true };
    private readonly Dictionary<string, Func<object?, object?>> activities = [];
    private readonly TaskCompletionSource<object?> cancel = new();
    private DateTime now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public Rehearsal(Training input)
    {
        context.Setup(c => c.GetInput<Training>()).Returns(input);
        context.Setup(c => c.InstanceId).Returns(input.Job);
        context.Setup(c => c.CurrentUtcDateTime).Returns(() => now);
        context.Setup(c => c.WaitForExternalEvent<object?>(JobScheduler.CancelEvent, It.IsAny<CancellationToken>())).Returns(cancel.Task);
        context.Setup(c => c.CreateTimer(It.IsAny<DateTime>(), It.IsAny<CancellationToken>())).Returns((DateTime at, CancellationToken _) =>
        {
            Waits.Add(at - now);
            now = at;
            return Task.CompletedTask;
        });
        context.Setup(c => c.ContinueAsNew(It.IsAny<object?>(), It.IsAny<bool>())).Callback((object? next, bool preserve) => (WentOnWith, KeptEvents) = (next, preserve));
        Activity<string?>(ActivityNames.StageInputs, _ => null);
        Activity(ActivityNames.StartCompute, _ => new StartCompute.Result(true));
        Activity(ActivityNames.WatchCompute, _ => new WatchCompute.Result(true, true));
        Activity(ActivityNames.CollectResults, _ => new CollectResults.Result(null));
        Activity(ActivityNames.FindTrainedModel, _ => new FindTrainedModel.Result("attempt-1/outputs/iris.onnx"));
        Activity(ActivityNames.CheckTrainedModel, _ => new CheckTrainedModel.Result(Models.Prepared("a")));
        Activity(ActivityNames.CompileTrainedModel, _ => new CompileTrainedModel.Result(Models.Prepared("b"), "The same."));
        Activity(ActivityNames.RegisterTrainedModel, _ => new RegisterTrainedModel.Result(7));
        Activity(ActivityNames.GateTrainedModel, _ => "The alias moved.");
        foreach (var name in new[] { ActivityNames.StopCompute, ActivityNames.DeleteCompute, ActivityNames.CleanUpJob, ActivityNames.EndJob })
            Activity<object?>(name, _ => null);
    }

    /// <summary>Names of the activities that were called, in order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>How the timers were set.</summary>
    public List<TimeSpan> Waits { get; } = [];

    /// <summary>What the job ended with.</summary>
    public EndJob.Input? Ended { get; private set; }

    /// <summary>The input that it went on with as new.</summary>
    public object? WentOnWith { get; private set; }

    /// <summary>Whether events that have arrived go on with it.</summary>
    public bool KeptEvents { get; private set; }

    /// <summary>The time that has passed.</summary>
    public TimeSpan Elapsed => now - new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>Says what an activity answers, or throws.</summary>
    public Rehearsal Activity<T>(string name, Func<object?, T> answer)
    {
        activities[name] = input => answer(input);
        context.Setup(c => c.CallActivityAsync<T>(It.Is<TaskName>(given => given.Name == name), It.IsAny<object?>(), It.IsAny<TaskOptions?>()))
            .Returns((TaskName _, object? input, TaskOptions? _) => Task.FromResult((T)Answer(name, input)!));
        return this;
    }

    /// <summary>The event that cancels arrives.</summary>
    public void Cancel() => cancel.TrySetResult(null);

    /// <summary>Runs the orchestrator to its end.</summary>
    public async Task<Rehearsal> RunAsync()
    {
        await TrainModel.Run(context.Object);
        return this;
    }

    private object? Answer(string name, object? input)
    {
        Calls.Add(name);
        if (input is EndJob.Input end)
            Ended = end;
        return activities[name](input);
    }
}
