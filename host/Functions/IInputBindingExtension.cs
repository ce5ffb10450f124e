using System.Linq.Expressions;
using System.Reflection;

namespace Larder.Host;

/// <summary>An extension's part in the host: it owns one input attribute, on functions of any trigger. Registered as a singleton by the extension's start-up class.</summary>
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
