using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Larder.Host;

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
    public string Text(string path, string otherwise) => At(path).Value ?? otherwise;

    /// <summary>A number that is positive, or -1 for no limit: then null.</summary>
    public int? Limit(string path, int otherwise)
    {
        if (At(path).Value is not { } text)
            return otherwise;
        if (!int.TryParse(text, CultureInfo.InvariantCulture, out var number) || number is not (-1 or > 0))
            throw Wrong(path, "a positive whole number, or -1 for no limit", text);
        return number == -1 ? null : number;
    }

    /// <summary>A time; null when it is not given, or -1 for no limit.</summary>
    public TimeSpan? Time(string path)
    {
        if (At(path).Value is not { } text || text == "-1")
            return null;
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero
            ? time
            : throw Wrong(path, "a positive time such as 00:05:00, or -1 for no limit", text);
    }

    /// <summary>The sentence for a value that is not what it must be.</summary>
    public static SelfHostException Wrong(string path, string expected, string value) =>
        new($"{HostJsonFile.Name}: '{path.Replace(':', '.')}' must be {expected}; it is '{value}'.");

    private IConfigurationSection At(string path) => configuration.GetSection($"{HostJsonFile.Section}:{path}");
}
