using System.Linq.Expressions;
using System.Reflection;
using Larder.Host.Functions;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Invocation;

/// <summary>Compiles a function's invocation: its object, its arguments, its call, its result. No reflection is left in the compiled code.</summary>
internal static class FunctionCompiler
{
    /// <summary>The call of one function; its result goes into the context.</summary>
    /// <exception cref="SelfHostException">A parameter cannot be bound, or the object cannot be made.</exception>
    public static Func<HostFunctionContext, Task> Compile(
        HostFunction function, ITriggerBinding binding, IReadOnlyDictionary<Type, IInputBindingExtension> inputs)
    {
        var context = Expression.Parameter(typeof(HostFunctionContext), "context");
        var arguments = function.Method.GetParameters().Select(parameter => Argument(function, binding, inputs, parameter, context));
        var target = function.Method.IsStatic ? null : Instance(function, context);
        var call = Expression.Call(target, function.Method, arguments);
        return Expression.Lambda<Func<HostFunctionContext, Task>>(FunctionResult.Store(call, context), context).Compile();
    }

    private static Expression Argument(
        HostFunction function, ITriggerBinding binding, IReadOnlyDictionary<Type, IInputBindingExtension> inputs, ParameterInfo parameter, Expression context)
    {
        var type = parameter.ParameterType;
        if (type == typeof(FunctionContext))
            return context;
        if (type == typeof(CancellationToken))
            return Expression.Property(context, nameof(FunctionContext.CancellationToken));
        var bound = parameter.GetCustomAttribute<InputBindingAttribute>() is { } input
            ? inputs[input.GetType()].Bind(parameter, context)
            : binding.BindParameter(parameter, context);
        if (!type.IsByRef && bound is { } value)
            return value.Type == type ? value : Expression.Convert(value, type);
        throw function.Error($"Cannot bind parameter '{parameter.Name}' to type {TypeName(type)}. Make sure the parameter Type is supported by the binding ({binding.Type}).");
    }

    // A new object for each invocation, made by a compiled call of its constructor with services of the invocation.
    private static UnaryExpression Instance(HostFunction function, Expression context)
    {
        var type = function.Method.DeclaringType!;
        ObjectFactory factory;
        try
        {
            factory = ActivatorUtilities.CreateFactory(type, Type.EmptyTypes);
        }
        catch (InvalidOperationException exception)
        {
            throw function.Error(exception.Message);
        }

        var instance = Expression.Invoke(
            Expression.Constant(factory), Expression.Property(context, nameof(FunctionContext.InstanceServices)), Expression.Constant(null, typeof(object[])));
        return Expression.Convert(instance, type);
    }

    private static string TypeName(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(TypeName))}>"
        : type.Name;
}
