using System.Reflection;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Functions;

/// <summary>A function that was found: its method and what triggers it.</summary>
/// <param name="definition">What the application may know of it.</param>
/// <param name="method">The method.</param>
/// <param name="triggerParameter">The parameter that carries the trigger attribute.</param>
/// <param name="trigger">The trigger attribute.</param>
internal sealed class HostFunction(
    FunctionDefinition definition, MethodInfo method, ParameterInfo triggerParameter, TriggerBindingAttribute trigger)
{
    public string Name => Definition.Name;

    public FunctionDefinition Definition { get; } = definition;

    public MethodInfo Method { get; } = method;

    public ParameterInfo TriggerParameter { get; } = triggerParameter;

    public TriggerBindingAttribute Trigger { get; } = trigger;

    /// <summary>Its trigger, once bound: not before <see cref="ITriggerExtension.Bind"/> has returned.</summary>
    public ITriggerBinding Binding { get; private set; } = null!;

    /// <summary>Middleware, then bindings, then the method, once compiled.</summary>
    public FunctionExecutionDelegate Pipeline { get; private set; } = null!;

    /// <summary>Its log, of category <c>Function.NAME</c>, once compiled.</summary>
    public ILogger Logger { get; private set; } = null!;

    /// <summary>An error that names this function, in the Functions host's words.</summary>
    /// <param name="sentence">What is wrong, and what would be right.</param>
    public SelfHostException Error(string sentence) => new($"The '{Name}' function is in error: {sentence}");

    /// <summary>Makes it ready to run.</summary>
    public void Complete(ITriggerBinding binding, FunctionExecutionDelegate pipeline, ILogger logger) =>
        (Binding, Pipeline, Logger) = (binding, pipeline, logger);
}
