using System.Linq.Expressions;
using System.Reflection;
using Larder.Host.Functions;
using Larder.Host.Invocation;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Larder.Host.Durable;

/// <summary>Owns <see cref="OrchestrationTriggerAttribute"/>.</summary>
internal sealed class OrchestrationTriggerExtension(DurableFunctions functions, Lazy<DurableHub> hub) : ITriggerExtension
{
    public Type AttributeType => typeof(OrchestrationTriggerAttribute);

    public ITriggerBinding Bind(HostFunction function)
    {
        if (function.TriggerParameter.ParameterType != typeof(TaskOrchestrationContext))
            throw function.Error($"the parameter '{function.TriggerParameter.Name}' of an orchestrator must be a {nameof(TaskOrchestrationContext)}.");
        functions.AddOrchestrator(((OrchestrationTriggerAttribute)function.Trigger).Orchestration ?? function.Name, function);
        return new DurableTriggerBinding("orchestrationTrigger", typeof(OrchestrationTurn), function.TriggerParameter, isInput: false, hub);
    }
}

/// <summary>Owns <see cref="ActivityTriggerAttribute"/>.</summary>
internal sealed class ActivityTriggerExtension(DurableFunctions functions, Lazy<DurableHub> hub) : ITriggerExtension
{
    public Type AttributeType => typeof(ActivityTriggerAttribute);

    public ITriggerBinding Bind(HostFunction function)
    {
        functions.AddActivity(((ActivityTriggerAttribute)function.Trigger).Activity ?? function.Name, function);
        return new DurableTriggerBinding("activityTrigger", typeof(ActivityCall), function.TriggerParameter, isInput: true, hub);
    }
}

/// <summary>Owns <see cref="DurableClientAttribute"/>: clients of this application's own hub.</summary>
internal sealed class DurableClientExtension(Lazy<DurableTaskClient> client) : IInputBindingExtension
{
    public Type AttributeType => typeof(DurableClientAttribute);

    public Expression? Bind(ParameterInfo parameter, Expression context)
    {
        var attribute = parameter.GetCustomAttribute<DurableClientAttribute>()!;
        return parameter.ParameterType == typeof(DurableTaskClient) && attribute.TaskHub is not { Length: > 0 } && attribute.ConnectionName is not { Length: > 0 }
            ? Expression.Constant(client.Value, typeof(DurableTaskClient))
            : null;
    }
}

/// <summary>Gives orchestrators and activities their arguments.</summary>
/// <param name="type">The binding's name.</param>
/// <param name="data">What an invocation's trigger data are.</param>
/// <param name="trigger">The parameter with the attribute.</param>
/// <param name="isInput">Whether that parameter is the input, as an activity's is; an orchestrator's is its context.</param>
/// <param name="hub">What fires the functions.</param>
internal sealed class DurableTriggerBinding(string type, Type data, ParameterInfo trigger, bool isInput, Lazy<DurableHub> hub) : ITriggerBinding
{
    private ParameterInfo? _input = isInput ? trigger : null;

    public string Type => type;

    public Expression? BindParameter(ParameterInfo parameter, Expression context)
    {
        var source = Expression.Convert(Expression.Property(context, nameof(HostFunctionContext.TriggerData)), data);
        if (!isInput && parameter.Position == trigger.Position)
            return Expression.Property(source, nameof(OrchestrationTurn.Context));

        // An orchestrator's input goes to its first parameter that nothing else binds.
        _input ??= parameter;
        return parameter.Position == _input.Position
            ? Expression.Call(source, nameof(OrchestrationTurn.GetInput), [parameter.ParameterType])
            : null;
    }

    public FunctionExecutionDelegate Wrap(FunctionExecutionDelegate pipeline) =>
        isInput ? pipeline : context => ((OrchestrationTurn)((HostFunctionContext)context).TriggerData!).PlayAsync(context, pipeline);

    public IFunctionListener CreateListener(FunctionDispatcher dispatcher) => hub.Value;
}
