using System.Text.Json;

namespace Larder.Functions.Http;

/// <summary>The names that values of an enumeration have in JSON and in query strings (<c>JsonStringEnumMemberName</c>).</summary>
internal static class WireNames
{
    /// <summary>The name of a value.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => Names<T>.ByValue[value];

    /// <summary>All values by name, in the order of their declaration.</summary>
    public static IReadOnlyDictionary<string, T> All<T>()
        where T : struct, Enum => Names<T>.ByName;

    private static class Names<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> ByValue = Enum.GetValues<T>().ToDictionary(value => value, value => JsonSerializer.SerializeToElement(value).GetString()!);
        public static readonly Dictionary<string, T> ByName = ByValue.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
    }
}
