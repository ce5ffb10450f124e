using DurableTask.Core;
using DurableTask.Core.Command;
using DurableTask.Core.Exceptions;
using DurableTask.Core.Middleware;
using Larder.Host.Functions;
using Larder.Host.Hosting;
using Larder.Host.Invocation;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Worker;
using Microsoft.DurableTask.Worker.Shims;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Durable;

/// <summary>The application's orchestrators and activities, by name, and how they are run: as all functions are, middleware included.</summary>
internal sealed class DurableFunctions(FunctionDispatcher dispatcher, FunctionHost host, ILoggerFactory loggers)
    : INameVersionObjectManager<TaskOrchestration>, INameVersionObjectManager<TaskActivity>
{
    private readonly Dictionary<string, HostFunction> _orchestrators = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, HostFunction> _activities = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The official code that replays orchestrators and converts inputs and outputs.</summary>
    public DurableTaskShimFactory Shims { get; } = new(new DurableTaskWorkerOptions(), loggers);

    /// <summary>Adds an orchestrator.</summary>
    /// <exception cref="SelfHostException">There is one of that name already.</exception>
    public void AddOrchestrator(string name, HostFunction function) => Add(_orchestrators, "orchestrator", name, function);

    /// <summary>Adds an activity.</summary>
    /// <exception cref="SelfHostException">There is one of that name already.</exception>
    public void AddActivity(string name, HostFunction function) => Add(_activities, "activity", name, function);

    TaskOrchestration INameVersionObjectManager<TaskOrchestration>.GetObject(string name, string? version) => new HostOrchestration(name, Shims, loggers);

    TaskActivity INameVersionObjectManager<TaskActivity>.GetObject(string name, string? version) => new HostActivity(name, this);

    void INameVersionObjectManager<TaskOrchestration>.Add(ObjectCreator<TaskOrchestration> creator) => throw new NotSupportedException();

    void INameVersionObjectManager<TaskActivity>.Add(ObjectCreator<TaskActivity> creator) => throw new NotSupportedException();

    /// <summary>Runs one turn of an orchestrator as an invocation of its function.</summary>
    /// <param name="context">What the engine says of the turn.</param>
    /// <param name="next">Lets the engine run the orchestrator's code.</param>
    /// <exception cref="SessionAbortedException">The host stops, and the turn has not been: it is to be done again.</exception>
    public async Task RunTurnAsync(DispatchMiddlewareContext context, Func<Task> next)
    {
        var state = context.GetProperty<OrchestrationRuntimeState>();
        var orchestration = (HostOrchestration)context.GetProperty<TaskOrchestration>();
        if (!_orchestrators.TryGetValue(orchestration.Name, out var function))
        {
            Fail(context, new ArgumentException(Missing("orchestrator", orchestration.Name, _orchestrators)));
            return;
        }

        var turn = new OrchestrationTurn(orchestration, state, () => RunCodeAsync(context, orchestration, state, next));
        var id = state.OrchestrationInstance!.InstanceId;
        try
        {
            await dispatcher.InvokeAsync(function, new TriggerInvocation(turn, $"Orchestration {id} goes on", BindingData(id)), CancellationToken.None);
        }
        // The code's own failure is in the result, and the log has it.
        catch (Exception exception) when (!turn.HasRun)
        {
            // What failed was not the orchestrator but something around it.
            if (host.Stopping.IsCancellationRequested)
                throw new SessionAbortedException("The host stops.", exception);
            Fail(context, exception);
        }
        catch (Exception)
        {
            return;
        }

        if (!turn.HasRun && context.GetProperty<OrchestratorExecutionResult>() is null)
            Fail(context, new InvalidOperationException($"A middleware has not called the orchestrator '{orchestration.Name}'."));
    }

    /// <summary>Runs an activity.</summary>
    /// <returns>What it returned.</returns>
    /// <exception cref="Exception">What it threw.</exception>
    public async Task<object?> RunActivityAsync(HostFunction function, TaskActivityContext context, object? input) => await dispatcher.InvokeAsync(
        function, new TriggerInvocation(new ActivityCall(input), $"Orchestration {context.InstanceId} calls it", BindingData(context.InstanceId)), CancellationToken.None);

    /// <summary>The activity of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public HostFunction Activity(string name) =>
        _activities.TryGetValue(name, out var function) ? function : throw new ArgumentException(Missing("activity", name, _activities));

    /// <summary>Whether what failed did so because the host stops.</summary>
    public bool IsStopping => host.Stopping.IsCancellationRequested;

    private static async Task RunCodeAsync(
        DispatchMiddlewareContext context, HostOrchestration orchestration, OrchestrationRuntimeState state, Func<Task> next)
    {
        await next();
        var actions = context.GetProperty<OrchestratorExecutionResult>()?.Actions ?? [];
        if (state.OrchestrationStatus != OrchestrationStatus.Suspended
            && !actions.Any(action => action is OrchestrationCompleteOrchestratorAction)
            && orchestration.AwaitsSomethingElse)
            Fail(context, new InvalidOperationException(OrchestratorContext.IllegalAwait(orchestration.Name)));
    }

    private static void Fail(DispatchMiddlewareContext context, Exception exception) => context.SetProperty(new OrchestratorExecutionResult
    {
        Actions =
        [
            new OrchestrationCompleteOrchestratorAction
            {
                OrchestrationStatus = OrchestrationStatus.Failed,
                Result = exception.Message,
                FailureDetails = new FailureDetails(exception),
            },
        ],
    });

    private static Dictionary<string, object?> BindingData(string instance) => new(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = instance };

    private static void Add(Dictionary<string, HostFunction> functions, string kind, string name, HostFunction function)
    {
        if (!functions.TryAdd(name, function))
            throw function.Error($"there is an {kind} of the name '{name}' already: the function '{functions[name].Name}'.");
    }

    private static string Missing(string kind, string name, Dictionary<string, HostFunction> functions) => functions.Count == 0
        ? $"There is no {kind} '{name}': this application has no {kind} functions."
        : $"There is no {kind} '{name}': this application's are {string.Join(", ", functions.Keys.Order(StringComparer.OrdinalIgnoreCase).Select(known => $"'{known}'"))}.";
}
