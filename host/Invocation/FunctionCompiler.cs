using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host;

/// <summary>Compiles a function's invocation: its object, its arguments, its call, its result. No reflection is left in the compiled code.</summary>
internal static class FunctionCompiler
{
    /// <summary>The call of one function; its result goes into the context.</summary>
    /// <exception cref="SelfHostException">A parameter cannot be bound, or the object cannot be made.</exception>
    public static Func<HostFunctionContext, Task> Compile(
        HostFunction function, ITriggerBinding binding, IReadOnlyList<IInputBindingExtension> inputs, IServiceCollection services)
    {
        var context = Expression.Parameter(typeof(HostFunctionContext), "context");
        var arguments = function.Method.GetParameters().Select(parameter => Argument(function, binding, inputs, parameter, context));
        var target = function.Method.IsStatic ? null : Instance(function, context, services);
        var call = Expression.Call(target, function.Method, arguments);
        return Expression.Lambda<Func<HostFunctionContext, Task>>(FunctionResult.Store(call, context), context).Compile();
    }

    private static Expression Argument(
        HostFunction function, ITriggerBinding binding, IReadOnlyList<IInputBindingExtension> inputs, ParameterInfo parameter, Expression context)
    {
        var type = parameter.ParameterType;
        if (type == typeof(FunctionContext))
            return context;
        if (type == typeof(CancellationToken))
            return Expression.Property(context, nameof(FunctionContext.CancellationToken));
        var input = parameter.GetCustomAttribute<InputBindingAttribute>()?.GetType();
        var bound = input is null
            ? binding.BindParameter(parameter, context)
            : inputs.FirstOrDefault(extension => extension.AttributeType == input)?.Bind(parameter, context);
        if (!type.IsByRef && bound is { } value)
            return value.Type == type ? value : Expression.Convert(value, type);
        throw function.Error($"Cannot bind parameter '{parameter.Name}' to type {TypeName(type)}. Make sure the parameter Type is supported by the binding ({binding.Type}).");
    }

    private static Expression Instance(HostFunction function, Expression context, IServiceCollection services)
    {
        var type = function.Method.DeclaringType!;
        return ServiceLifetimes.NeedsScope(type, services) ? ScopedInstance(function, type, context) : SingletonInstance(type, context);
    }

    // ActivatorUtilities compiles the constructor call; it takes constructor parameters from the services that it is given.
    private static UnaryExpression ScopedInstance(HostFunction function, Type type, Expression context)
    {
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
            Expression.Constant(factory), Expression.Property(context, nameof(HostFunctionContext.InstanceServices)), Expression.Constant(null, typeof(object[])));
        return Expression.Convert(instance, type);
    }

    // A new object for each invocation all the same, but its services are looked up once.
    private static NewExpression SingletonInstance(Type type, Expression context)
    {
        var constructor = type.GetConstructors().Single();
        var types = constructor.GetParameters().Select(parameter => parameter.ParameterType).ToArray();
        var values = Expression.Call(
            Expression.Constant(new SingletonServices(types)), nameof(SingletonServices.From), null, Expression.Property(context, nameof(HostFunctionContext.RootServices)));
        return Expression.New(constructor, types.Select((service, i) => Expression.Convert(Expression.ArrayIndex(values, Expression.Constant(i)), service)));
    }

    private static string TypeName(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(TypeName))}>"
        : type.Name;
}
