using System.Globalization;
using Larder.Host.Functions;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Configuration;

/// <summary>Reads host.json's values with their types; what has the wrong type is a sentence that names it.</summary>
/// <param name="configuration">The application's configuration.</param>
internal sealed class HostJsonReader(IConfiguration configuration)
{
    /// <summary>A section, by its path in host.json: <c>extensions:http</c>.</summary>
    public IConfigurationSection Section(string path)
    {
        for (var end = path.Length; end > 0; end = path.LastIndexOf(':', end - 1))
            if (At(path[..end]).Value is { } value)
                throw Wrong(path[..end], "an object", value);
        return At(path);
    }

    /// <summary>A text.</summary>
    public string Text(string path, string otherwise) => Value(path, "a text") ?? otherwise;

    /// <summary>True or false.</summary>
    public bool Flag(string path, bool otherwise)
    {
        const string expected = "true or false";
        return Value(path, expected) is not { } text ? otherwise : bool.TryParse(text, out var flag) ? flag : throw Wrong(path, expected, text);
    }

    /// <summary>A number that is positive, or -1 for no limit: then null.</summary>
    public int? Limit(string path, int otherwise)
    {
        const string expected = "a positive whole number, or -1 for no limit";
        if (Value(path, expected) is not { } text)
            return otherwise;
        if (!int.TryParse(text, CultureInfo.InvariantCulture, out var number) || number is not (-1 or > 0))
            throw Wrong(path, expected, text);
        return number == -1 ? null : number;
    }

    /// <summary>A time; null when it is not given, or -1 for no limit. A number alone is days.</summary>
    public TimeSpan? Time(string path)
    {
        const string expected = "a positive time such as 00:05:00, or -1 for no limit";
        if (Value(path, expected) is not { } text || text == "-1")
            return null;
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero
            ? time
            : throw Wrong(path, expected, text);
    }

    /// <summary>The sentence for a value that is not what it must be.</summary>
    public static SelfHostException Wrong(string path, string expected, string value) =>
        new($"{HostJsonFile.Name}: '{path.Replace(':', '.')}' must be {expected}; it is '{value}'.");

    private IConfigurationSection At(string path) => configuration.GetSection($"{HostJsonFile.Section}:{path}");

    private string? Value(string path, string expected)
    {
        var section = At(path);
        return section.Value is null && section.GetChildren().Any()
            ? throw new SelfHostException($"{HostJsonFile.Name}: '{path.Replace(':', '.')}' must be {expected}; it is an object.")
            : section.Value;
    }
}
