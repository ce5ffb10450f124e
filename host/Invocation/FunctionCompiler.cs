using System.Linq.Expressions;
using System.Reflection;
using Larder.Host.Functions;
using Larder.Host.Hosting;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Invocation;

/// <summary>
/// Compiles a function's invocation: its object, its arguments, its call, its result. No reflection is left in the compiled code. It is checked at start and compiled at its first
/// invocation: compiling all functions of an application takes longer than all else at its start.
/// </summary>
internal static class FunctionCompiler
{
    /// <summary>The call of one function; its result goes into the context.</summary>
    /// <exception cref="SelfHostException">A parameter cannot be bound, or the object cannot be made.</exception>
    public static Func<HostFunctionContext, Task> Compile(
        HostFunction function, ITriggerBinding binding, IReadOnlyDictionary<Type, IInputBindingExtension> inputs)
    {
        var context = Expression.Parameter(typeof(HostFunctionContext), "context");
        var arguments = function.Method.GetParameters().Select(parameter => Argument(function, binding, inputs, parameter, context)).ToList();
        // The factory's code is compiled as it is made; of a class with one constructor there is nothing that this could refuse.
        if (!function.Method.IsStatic && function.Method.DeclaringType!.GetConstructors().Length != 1)
            Factory(function);
        // Not a Lazy, which would keep the failure of a service that could not be made.
        Func<HostFunctionContext, Task>? compiled = null;
        return invocation => (compiled ??= Compile(invocation.Host))(invocation);

        Func<HostFunctionContext, Task> Compile(FunctionHost host)
        {
            var target = function.Method.IsStatic ? null : Instance(function, context, host);
            var call = Expression.Call(target, function.Method, arguments);
            return Expression.Lambda<Func<HostFunctionContext, Task>>(FunctionResult.Store(call, context), context).Compile();
        }
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

    // A new object for each invocation, made by a compiled call of its constructor with services of the invocation. Where these are all singletons, as nearly everywhere, they are looked up once, unless a
    // middleware has put other services in the place of the invocation's.
    private static Expression Instance(HostFunction function, Expression context, FunctionHost host)
    {
        var type = function.Method.DeclaringType!;
        var made = Expression.Convert(
            Expression.Invoke(Expression.Constant(Factory(function)), Expression.Property(context, nameof(FunctionContext.InstanceServices)), Expression.Constant(null, typeof(object[]))),
            type);
        if (type.GetConstructors() is not [var constructor] || !constructor.GetParameters().All(IsSingleton))
            return made;
        var services = constructor.GetParameters().Select(parameter => Expression.Constant(host.Services.GetRequiredService(parameter.ParameterType), parameter.ParameterType));
        return Expression.Condition(Expression.Property(context, nameof(HostFunctionContext.HasOtherServices)), made, Expression.New(constructor, services));

        bool IsSingleton(ParameterInfo parameter) => host.Singletons.Contains(parameter.ParameterType) && parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is null;
    }

    private static ObjectFactory Factory(HostFunction function)
    {
        try
        {
            return ActivatorUtilities.CreateFactory(function.Method.DeclaringType!, Type.EmptyTypes);
        }
        catch (InvalidOperationException exception)
        {
            throw function.Error(exception.Message);
        }
    }

    private static string TypeName(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(TypeName))}>"
        : type.Name;
}
