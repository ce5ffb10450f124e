using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Larder.Host;

/// <summary>One function's trigger: where its arguments come from, and what fires it.</summary>
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
    /// and leaves it where the expressions find it (<see cref="HostFunctionContext.TriggerData"/>).
    /// </summary>
    ValueTask PrepareAsync(HostFunctionContext context) => ValueTask.CompletedTask;

    /// <summary>Puts something around the function and its middleware; by default nothing.</summary>
    FunctionExecutionDelegate Wrap(FunctionExecutionDelegate pipeline) => pipeline;

    /// <summary>What fires the function; null when something else does (HTTP: the web server).</summary>
    /// <param name="dispatcher">Where invocations go.</param>
    IFunctionListener? CreateListener(IFunctionDispatcher dispatcher);
}
