using System.Linq.Expressions;
using System.Reflection;
using Larder.Host.Functions;
using Larder.Host.Invocation;

namespace Larder.Host.Timers;

/// <summary>Gives a timer's function its <see cref="TimerInfo"/>.</summary>
internal sealed class TimerBinding(Func<FunctionDispatcher, IFunctionListener> createListener) : ITriggerBinding
{
    /// <inheritdoc/>
    public string Type => "timerTrigger";

    /// <inheritdoc/>
    public Expression? BindParameter(ParameterInfo parameter, Expression context) =>
        parameter.ParameterType == typeof(TimerInfo)
            ? Expression.Convert(Expression.Property(context, nameof(HostFunctionContext.TriggerData)), typeof(TimerInfo))
            : null;

    /// <inheritdoc/>
    public IFunctionListener CreateListener(FunctionDispatcher dispatcher) => createListener(dispatcher);
}
