using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;

namespace Larder.Host.Http;

/// <summary>Values of the route, or else of the query, as arguments.</summary>
internal static class HttpValue
{
    private const BindingFlags Method = BindingFlags.Static | BindingFlags.NonPublic;

    /// <summary>
    /// An expression that reads a parameter's value; null when its type has no text form. Without a value it is the parameter's default, or null; a
    /// value that does not convert is a <see cref="FunctionInputConverterException"/>.
    /// </summary>
    public static Expression? Read(ParameterInfo parameter, Expression context)
    {
        var type = parameter.ParameterType;
        var underlying = Nullable.GetUnderlyingType(type);
        var reader =
            type == typeof(string) ? nameof(Text)
            : (underlying ?? type) is { IsEnum: true } ? nameof(Enumeration)
            : IsParsable(underlying ?? type) ? nameof(Parsed)
            : null;
        if (reader is null)
            return null;

        var method = typeof(HttpValue).GetMethod(reader, Method)!;
        if (method.IsGenericMethodDefinition)
            method = method.MakeGenericMethod(underlying ?? type);
        var value = Expression.Call(method, context, Expression.Constant(parameter.Name));
        if (parameter.HasDefaultValue)
            return Expression.Coalesce(value, Expression.Constant(DefaultOf(parameter, underlying), type));
        if (type == typeof(string) || underlying is not null)
            return value;
        return Expression.Coalesce(value, Expression.Call(typeof(HttpValue), nameof(Missing), [type], context, Expression.Constant(parameter.Name)));
    }

    private static object? DefaultOf(ParameterInfo parameter, Type? underlying) =>
        parameter.DefaultValue is { } value && underlying is { IsEnum: true } ? Enum.ToObject(underlying, value)
        : parameter.DefaultValue ?? (parameter.ParameterType.IsValueType && underlying is null ? Activator.CreateInstance(parameter.ParameterType) : null);

    private static bool IsParsable(Type type) =>
        type.IsValueType && type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IParsable<>) && i.GetGenericArguments()[0] == type);

    private static string? Text(HttpFunctionContext context, string name)
    {
        var request = context.HttpContext.Request;
        if (request.RouteValues.TryGetValue(name, out var value) && value is not null)
            return value as string ?? Convert.ToString(value, CultureInfo.InvariantCulture);
        return request.QueryString.HasValue && request.Query.TryGetValue(name, out var query) ? query.ToString() : null;
    }

    private static T? Parsed<T>(HttpFunctionContext context, string name) where T : struct, IParsable<T> =>
        Text(context, name) is not { } text ? null
        : T.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value
        : throw Unconvertible<T>(context, name);

    private static T? Enumeration<T>(HttpFunctionContext context, string name) where T : struct, Enum =>
        Text(context, name) is not { } text ? null
        : Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value
        : throw Unconvertible<T>(context, name);

    private static T Missing<T>(HttpFunctionContext context, string name) =>
        throw Error(context, $"There is no value for input parameter '{name}' of type '{typeof(T).FullName}'.");

    private static FunctionInputConverterException Unconvertible<T>(HttpFunctionContext context, string name) =>
        Error(context, $"Cannot convert input parameter '{name}' to type '{typeof(T).FullName}' from type '{typeof(string).FullName}'.");

    private static FunctionInputConverterException Error(HttpFunctionContext context, string sentence) =>
        new($"Error converting 1 input parameters for Function '{context.Function.Name}': {sentence}");
}
