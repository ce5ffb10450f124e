using System.Globalization;
using System.Reflection;

namespace Larder.Host.Blobs;

/// <summary>Reads a part of a blob's path as the type of the parameter that it goes to.</summary>
internal static class PathValue
{
    /// <summary>The method that reads a value of a type from binding data by name; null when there is none.</summary>
    public static MethodInfo? GetParser(Type type)
    {
        if (type == typeof(string))
            return Method(nameof(Text));
        if (type.IsEnum)
            return Method(nameof(Enumeration), type);
        if (Nullable.GetUnderlyingType(type) is { } value)
            return IsParsable(value) ? Method(nameof(OptionalParsable), value) : null;
        return IsParsable(type) ? Method(nameof(Parsable), type) : null;
    }

    private static bool IsParsable(Type type) => Array.Exists(
        type.GetInterfaces(), face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IParsable<>));

    private static MethodInfo Method(string name, params Type[] types)
    {
        var method = typeof(PathValue).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;
        return types.Length == 0 ? method : method.MakeGenericMethod(types);
    }

    private static string Text(IReadOnlyDictionary<string, object?> data, string name) => (string)data[name]!;

    private static T Enumeration<T>(IReadOnlyDictionary<string, object?> data, string name)
        where T : struct =>
        Enum.TryParse<T>(Text(data, name), ignoreCase: true, out var value) ? value : throw Error<T>(data, name);

    private static T Parsable<T>(IReadOnlyDictionary<string, object?> data, string name)
        where T : IParsable<T> =>
        T.TryParse(Text(data, name), CultureInfo.InvariantCulture, out var value) ? value : throw Error<T>(data, name);

    // A part of the path may be empty.
    private static T? OptionalParsable<T>(IReadOnlyDictionary<string, object?> data, string name)
        where T : struct, IParsable<T> =>
        Text(data, name).Length == 0 ? null : Parsable<T>(data, name);

    private static FormatException Error<T>(IReadOnlyDictionary<string, object?> data, string name) =>
        new($"The part '{name}' of the blob's path is '{data[name]}', which is no {typeof(T).Name}.");
}
