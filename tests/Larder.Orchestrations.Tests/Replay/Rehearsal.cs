using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using DurableTask.Core;
using DurableTask.Core.Command;
using DurableTask.Core.History;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Training;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Converters;

namespace Larder.Orchestrations.Tests.Replay;

/// <summary>
/// An instance of an orchestrator on the official engine's own executor, with a clock that jumps: activities answer what a test says, timers fire when
/// nothing else is left to happen. Each turn replays all turns before it, with one thing that has happened since. Its history is kept (<see cref="Histories"/>).
/// </summary>
internal sealed class Rehearsal(string orchestrator, object input)
{
    public const string Job = "0123456789abcdef";

    private static readonly DateTime Begin = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly Dictionary<string, Type> InputTypes = typeof(TrainModel).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
        .SelectMany(method => method.GetParameters())
        .Where(parameter => parameter.IsDefined(typeof(ActivityTriggerAttribute)))
        .ToDictionary(parameter => parameter.Member.GetCustomAttribute<FunctionAttribute>()!.Name, parameter => parameter.ParameterType);

    private readonly Dictionary<string, Func<object?, object?>> _activities = [];
    private readonly PriorityQueue<HistoryEvent[], (DateTime At, int Order)> _arrivals = new();
    private readonly Dictionary<int, string> _open = [];
    private readonly Dictionary<string, int> _widest = [];
    private IList<HistoryEvent> _history = [];
    private IEnumerable<HistoryEvent> _carriedOver = [];
    private HistoryEvent? _alongside;
    private OrchestrationCompleteOrchestratorAction? _end;
    private DateTime _now = Begin;
    private int _order;

    /// <summary>Names of the activities that were called, in order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>What they were given.</summary>
    public List<object?> Inputs { get; } = [];

    /// <summary>How the timers were set.</summary>
    public List<TimeSpan> Waits { get; } = [];

    /// <summary>The time that has passed.</summary>
    public TimeSpan Elapsed => _now - Begin;

    /// <summary>What the job ended with.</summary>
    public JobResult? Ended => Inputs.OfType<JobResult>().LastOrDefault();

    /// <summary>Whether the instance itself has failed, and not only its job.</summary>
    public bool IsBroken => _end?.OrchestrationStatus == OrchestrationStatus.Failed;

    /// <summary>Activities of that name that were under way at its end.</summary>
    public int Running(string name) => _open.Values.Count(other => other == name);

    /// <summary>The most activities of that name that were under way at a time.</summary>
    public int Widest(string name) => _widest.GetValueOrDefault(name);

    /// <summary>Says what an activity answers; an <see cref="IOException"/> is a failure of the server.</summary>
    public Rehearsal Activity<T>(string name, Func<object?, T> answer)
    {
        _activities[name] = given => answer(given);
        return this;
    }

    /// <summary>Activities that answer nothing.</summary>
    public Rehearsal Activities(params string[] names) => names.Aggregate(this, (rehearsal, name) => rehearsal.Activity<object?>(name, _ => null));

    /// <summary>An activity that the server cannot do, so often as it is tried; or so many times.</summary>
    public Rehearsal Broken(string name, int times = int.MaxValue)
    {
        var answer = _activities.GetValueOrDefault(name);
        return Activity(name, given => times-- > 0 ? throw new IOException("The disk is gone.") : answer!(given));
    }

    /// <summary>The event that cancels arrives: before the answer of an activity that calls it; or later, while nothing else happens.</summary>
    public void Cancel(TimeSpan after = default) => Arrive(_now + after, Cancellation());

    /// <summary>The event that cancels arrives in one turn with the answer of the activity that calls it, behind it.</summary>
    public void CancelAlongside() => _alongside = Cancellation();

    /// <summary>Runs it to its end.</summary>
    /// <param name="variant">Tells apart the histories of one test.</param>
    /// <param name="scenario">The test.</param>
    public Rehearsal Run(string? variant = null, [CallerMemberName] string scenario = "")
    {
        var started = new ExecutionStartedEvent(-1, JsonDataConverter.Default.Serialize(input))
        {
            Name = orchestrator,
            Version = "",
            OrchestrationInstance = new OrchestrationInstance { InstanceId = Job, ExecutionId = Job },
        };
        Arrive(_now, [started, .. _carriedOver]);
        while (_end is null)
            Turn();
        Histories.Keep(History.Of(orchestrator, _history), variant is null ? scenario : $"{scenario}.{variant}");
        return this;
    }

    /// <summary>The instance that goes on as new where this one has ended, with the same activities and the events that had no turn any more.</summary>
    public Rehearsal Next()
    {
        Assert.Equal(OrchestrationStatus.ContinuedAsNew, _end?.OrchestrationStatus);
        var next = new Rehearsal(orchestrator, JsonSerializer.Deserialize<JsonElement>(_end!.Result!)) { _carriedOver = _end.CarryoverEvents, _now = _now };
        foreach (var (name, answer) in _activities)
            next._activities[name] = answer;
        return next;
    }

    /// <summary>The input with which it goes on as new; null when it does not.</summary>
    public T? WentOnWith<T>()
        where T : class =>
        _end?.OrchestrationStatus == OrchestrationStatus.ContinuedAsNew ? (T?)JsonDataConverter.Default.Deserialize(_end.Result, typeof(T)) : null;

    private static EventRaisedEvent Cancellation() => new(-1, null) { Name = JobScheduler.CancelEvent };

    private void Turn()
    {
        Assert.True(_arrivals.TryDequeue(out var arrived, out var when), $"After {string.Join(", ", Calls)} it waits for what never comes.");
        _now = when.At > _now ? when.At : _now;
        var state = new OrchestrationRuntimeState(_history);
        state.AddEvent(new OrchestratorStartedEvent(-1) { Timestamp = _now });
        foreach (var happened in arrived)
        {
            _open.Remove((happened as TaskCompletedEvent)?.TaskScheduledId ?? (happened as TaskFailedEvent)?.TaskScheduledId ?? -1);
            state.AddEvent(happened);
        }

        foreach (var action in History.Execute(orchestrator, Orchestrators.All[orchestrator], state))
            state.AddEvent(Decided(action));
        state.AddEvent(new OrchestratorCompletedEvent(-1));
        _history = state.Events;
    }

    /// <summary>Does what the orchestrator has decided.</summary>
    private HistoryEvent Decided(OrchestratorAction action)
    {
        switch (action)
        {
            case ScheduleTaskOrchestratorAction call:
                var name = call.Name!;
                _open[call.Id] = name;
                _widest[name] = Math.Max(Widest(name), Running(name));
                var answer = Answer(call.Id, name, call.Input!);
                Arrive(_now, _alongside is null ? [answer] : [answer, _alongside]);
                _alongside = null;
                // As in the engine's histories: the input went with the message.
                return new TaskScheduledEvent(call.Id, name, call.Version, input: null);
            case CreateTimerOrchestratorAction timer:
                Waits.Add(timer.FireAt - _now);
                Arrive(timer.FireAt, new TimerFiredEvent(-1, timer.FireAt) { TimerId = timer.Id });
                return new TimerCreatedEvent(timer.Id, timer.FireAt);
            case OrchestrationCompleteOrchestratorAction completion:
                _end = completion;
                return completion.OrchestrationStatus == OrchestrationStatus.ContinuedAsNew
                    ? new ContinueAsNewEvent(completion.Id, completion.Result)
                    : new ExecutionCompletedEvent(completion.Id, completion.Result, completion.OrchestrationStatus, completion.FailureDetails);
            default:
                throw new NotSupportedException($"Orchestrators here do no {action.OrchestratorActionType}.");
        }
    }

    private HistoryEvent Answer(int id, string name, string arguments)
    {
        // An activity has one argument, in an array.
        using var parsed = JsonDocument.Parse(arguments);
        var given = JsonDataConverter.Default.Deserialize(parsed.RootElement[0].GetRawText(), InputTypes[name]);
        Calls.Add(name);
        Inputs.Add(given);
        try
        {
            return new TaskCompletedEvent(-1, id, JsonDataConverter.Default.Serialize(_activities[name](given)));
        }
        catch (IOException e)
        {
            return new TaskFailedEvent(-1, id, e.Message, null, new FailureDetails(e.GetType().FullName!, e.Message, null, null, isNonRetriable: false));
        }
    }

    private void Arrive(DateTime at, params HistoryEvent[] happened) => _arrivals.Enqueue(happened, (at, _order++));
}
