using System.Globalization;
using System.Text;

namespace Larder.Client.Http;

/// <summary>Builds the path and query of a request. What callers give is escaped.</summary>
internal sealed class ApiPath
{
    private readonly StringBuilder _path;
    private bool _hasQuery;

    private ApiPath(string path) => _path = new StringBuilder(path);

    /// <summary>A path of segments, each escaped.</summary>
    /// <exception cref="ArgumentException">A segment is empty, or <c>.</c> or <c>..</c>, which would lead to another route.</exception>
    public static ApiPath Of(string root, params ReadOnlySpan<string> segments)
    {
        var path = new ApiPath(root);
        foreach (var segment in segments)
            path._path.Append('/').Append(Escape(segment));
        return path;
    }

    /// <summary>Adds the segments of a relative path of a file.</summary>
    public ApiPath File(string path)
    {
        foreach (var segment in path.Split('/'))
            _path.Append('/').Append(Escape(segment));
        return this;
    }

    /// <summary>Adds a parameter; null for none.</summary>
    public ApiPath With(string name, string? value)
    {
        if (value is null)
            return this;
        _path.Append(_hasQuery ? '&' : '?').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        _hasQuery = true;
        return this;
    }

    /// <summary>Adds a parameter that is a number.</summary>
    public ApiPath With(string name, long? value) => With(name, value?.ToString(CultureInfo.InvariantCulture));

    /// <summary>Adds a parameter that is true, or left out.</summary>
    public ApiPath With(string name, bool value) => With(name, value ? "true" : null);

    /// <summary>Adds a parameter that is a time.</summary>
    public ApiPath With(string name, DateTimeOffset? value) => With(name, value?.ToString("O", CultureInfo.InvariantCulture));

    /// <summary>Adds a parameter once for each value.</summary>
    public ApiPath With(string name, IEnumerable<string>? values)
    {
        foreach (var value in values ?? [])
            With(name, value);
        return this;
    }

    /// <inheritdoc />
    public override string ToString() => _path.ToString();

    private static string Escape(string segment) =>
        segment is "" or "." or ".."
            ? throw new ArgumentException($"'{segment}' cannot be a name.")
            : Uri.EscapeDataString(segment).Replace("%3A", ":", StringComparison.Ordinal);
}
