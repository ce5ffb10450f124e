using DurableTask.Core;
using DurableTask.Core.Exceptions;
using Larder.Host.Functions;
using Microsoft.DurableTask;

namespace Larder.Host.Durable;

/// <summary>One call of an activity as the engine sees it: the official shim, and behind it the activity's function.</summary>
internal sealed class HostActivity(string name, DurableFunctions functions) : TaskActivity
{
    /// <inheritdoc />
    public override async Task<string> RunAsync(TaskContext context, string input)
    {
        var activity = new Activity(functions.Activity(name), functions);
        try
        {
            return await functions.Shims.CreateActivity(name, activity).RunAsync(context, input);
        }
        catch (Exception exception) when (functions.IsStopping)
        {
            // The stop may have cut it short: the activity runs again.
            throw new SessionAbortedException("The host stops.", exception);
        }
    }

    /// <inheritdoc />
    public override string Run(TaskContext context, string input) => throw new NotSupportedException();

    private sealed class Activity(HostFunction function, DurableFunctions functions) : ITaskActivity
    {
        public Type InputType => function.TriggerParameter.ParameterType;

        public Type OutputType => typeof(object);

        public Task<object?> RunAsync(TaskActivityContext context, object? input) => functions.RunActivityAsync(function, context, input);
    }
}

/// <summary>What an activity's parameter gets.</summary>
/// <param name="input">What the orchestrator gave, converted to the parameter's type.</param>
internal sealed class ActivityCall(object? input)
{
    public T? GetInput<T>() => input is null ? default : (T)input;
}
