using System.Linq.Expressions;
using System.Reflection;
using Larder.Host.Invocation;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Larder.Host.Functions;

/// <summary>A kind of trigger that the self-host supports: it owns one trigger attribute. Registered as a singleton.</summary>
internal interface ITriggerExtension
{
    /// <summary>The attribute: a TriggerBindingAttribute.</summary>
    Type AttributeType { get; }

    /// <summary>Looks at one function with that attribute, once, at start-up and before anything is started.</summary>
    /// <exception cref="SelfHostException">The attribute's values cannot be used: <see cref="HostFunction.Error"/>.</exception>
    ITriggerBinding Bind(HostFunction function);
}

/// <summary>A kind of input binding that the self-host supports, on functions of any trigger: it owns one input attribute. Registered as a singleton.</summary>
internal interface IInputBindingExtension
{
    /// <summary>The attribute: an InputBindingAttribute.</summary>
    Type AttributeType { get; }

    /// <summary>How a parameter with that attribute gets its value, asked once when the function is compiled.</summary>
    /// <param name="parameter">A parameter of a function's method.</param>
    /// <param name="context">The invocation, of type <see cref="HostFunctionContext"/>.</param>
    /// <returns>An expression that can be assigned to the parameter's type; null when there is none, and then the host refuses to start.</returns>
    Expression? Bind(ParameterInfo parameter, Expression context);
}

/// <summary>The trigger of one function.</summary>
internal interface ITriggerBinding
{
    /// <summary>The binding's type as host and documentation call it: <c>blobTrigger</c>.</summary>
    string Type { get; }

    /// <summary>What the function list prints after the function's name, given the host's base address (no slash at the end).</summary>
    string Describe(string baseAddress) => Type;

    /// <summary>
    /// How a parameter gets its value, asked once per parameter when the function is compiled. The host itself binds
    /// <see cref="FunctionContext"/> and <see cref="CancellationToken"/>, and asks for all others.
    /// </summary>
    /// <param name="parameter">A parameter of the function's method.</param>
    /// <param name="context">The invocation, of type <see cref="HostFunctionContext"/>.</param>
    /// <returns>An expression that can be assigned to the parameter's type; null when there is none, and then the host refuses to start.</returns>
    Expression? BindParameter(ParameterInfo parameter, Expression context);

    /// <summary>
    /// Runs in each invocation after the middleware and before the arguments are read: fetches what cannot be had without waiting
    /// and leaves it where the expressions find it.
    /// </summary>
    ValueTask PrepareAsync(HostFunctionContext context) => ValueTask.CompletedTask;

    /// <summary>Puts something around the function and its middleware; by default nothing.</summary>
    FunctionExecutionDelegate Wrap(FunctionExecutionDelegate pipeline) => pipeline;

    /// <summary>What fires the function; null when something else does (HTTP: the web server).</summary>
    /// <param name="dispatcher">Where invocations go.</param>
    IFunctionListener? CreateListener(FunctionDispatcher dispatcher);
}

/// <summary>Waits for what triggers one function, and invokes it.</summary>
internal interface IFunctionListener
{
    /// <summary>Starts to listen; returns when listening.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Starts no more invocations, and waits for those under way (whose tokens the host has signalled by then).</summary>
    /// <param name="cancellationToken">Signalled when the wait must end.</param>
    Task StopAsync(CancellationToken cancellationToken);
}
