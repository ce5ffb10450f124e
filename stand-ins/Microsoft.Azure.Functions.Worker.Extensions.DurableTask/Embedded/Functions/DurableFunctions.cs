using Microsoft.Azure.Functions.Worker.Embedded;

namespace Microsoft.DurableTask.Embedded;

/// <summary>The application's orchestrators and activities, by name, and how they are run: as all functions are, middleware included.</summary>
internal sealed class DurableFunctions
{
    private readonly Dictionary<string, EmbeddedFunction> orchestrators = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, EmbeddedFunction> activities = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Runs functions.</summary>
    public IFunctionDispatcher? Dispatcher { get; set; }

    /// <summary>Adds an orchestrator.</summary>
    /// <exception cref="FunctionsHostException">There is one of that name already.</exception>
    public void AddOrchestrator(string name, EmbeddedFunction function) => Add(orchestrators, "orchestrator", name, function);

    /// <summary>Adds an activity.</summary>
    /// <exception cref="FunctionsHostException">There is one of that name already.</exception>
    public void AddActivity(string name, EmbeddedFunction function) => Add(activities, "activity", name, function);

    /// <summary>Runs a turn of an orchestrator.</summary>
    /// <exception cref="OperationCanceledException">The host stops, and the turn has not been.</exception>
    public async Task<TurnResult> RunAsync(OrchestrationTurn turn, CancellationToken stop)
    {
        var name = turn.Identity.Name;
        if (!orchestrators.TryGetValue(name, out var function))
            return Failed(new ArgumentException(Missing("orchestrator", name, orchestrators)));
        var data = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = turn.Identity.Instance };
        try
        {
            await Dispatcher!.InvokeAsync(function, new Invocation(turn, $"Orchestration {turn.Identity.Instance} goes on", data), stop);
        }
        catch (Exception error)
        {
            stop.ThrowIfCancellationRequested();

            // What failed was not the turn but something around it.
            return turn.Result ?? Failed(error);
        }

        return turn.Result ?? Failed(new InvalidOperationException($"A middleware has not called the orchestrator '{name}'."));
    }

    /// <summary>Runs an activity.</summary>
    /// <returns>What it returned.</returns>
    /// <exception cref="Exception">What it threw, or that there is none of that name.</exception>
    public async Task<object?> RunAsync(string name, ActivityCall call, string instance, int task, CancellationToken stop)
    {
        if (!activities.TryGetValue(name, out var function))
            throw new MissingActivityException(Missing("activity", name, activities));
        var data = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = instance };
        return await Dispatcher!.InvokeAsync(function, new Invocation(call, $"Orchestration {instance} calls it (#{task})", data), stop);
    }

    private static void Add(Dictionary<string, EmbeddedFunction> functions, string kind, string name, EmbeddedFunction function)
    {
        if (!functions.TryAdd(name, function))
            throw function.Error($"there is an {kind} of the name '{name}' already: the function '{functions[name].Name}'.");
    }

    private static string Missing(string kind, string name, Dictionary<string, EmbeddedFunction> functions) => functions.Count == 0
        ? $"There is no {kind} '{name}': this application has no {kind} functions."
        : $"There is no {kind} '{name}': this application's are {string.Join(", ", functions.Keys.Order(StringComparer.OrdinalIgnoreCase).Select(known => $"'{known}'"))}.";

    private static TurnResult Failed(Exception error) => new(TurnKind.Failed, []) { Error = error };
}
