using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Azure.Functions.Worker.Embedded;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Gives orchestrators and activities their arguments.</summary>
/// <param name="type">The binding's name.</param>
/// <param name="data">What an invocation's trigger data are.</param>
/// <param name="trigger">The parameter with the attribute.</param>
/// <param name="isInput">Whether that parameter is the input, as an activity's is; an orchestrator's is its context.</param>
/// <param name="functions">Where the host's dispatcher goes.</param>
/// <param name="worker">What fires the functions.</param>
internal sealed class DurableTriggerBinding(
    string type, Type data, ParameterInfo trigger, bool isInput, DurableFunctions functions, Lazy<TaskHubWorker> worker) : ITriggerBinding
{
    private ParameterInfo? input = isInput ? trigger : null;

    /// <inheritdoc/>
    public string Type => type;

    /// <inheritdoc/>
    public Expression? BindParameter(ParameterInfo parameter, Expression context)
    {
        var source = Expression.Convert(Expression.Property(context, nameof(EmbeddedFunctionContext.TriggerData)), data);
        if (!isInput && parameter.Position == trigger.Position)
            return Expression.Property(source, nameof(OrchestrationTurn.Context));

        // An orchestrator's input goes to its first parameter that nothing else binds.
        input ??= parameter;
        return parameter.Position == input.Position
            ? Expression.Call(source, nameof(OrchestrationTurn.GetInput), [parameter.ParameterType])
            : null;
    }

    /// <inheritdoc/>
    public IFunctionListener CreateListener(IFunctionDispatcher dispatcher)
    {
        functions.Dispatcher = dispatcher;
        return worker.Value;
    }
}
