using System.Text.RegularExpressions;
using Larder.Host.Configuration;
using Larder.Host.Functions;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Durable;

/// <summary>The task hub's name, which the Functions host must find too: host.json's, else the site's, else the extension's default.</summary>
internal static partial class TaskHubName
{
    /// <summary>The section of host.json.</summary>
    public const string Section = "extensions:durableTask";

    /// <summary>The name's key in it.</summary>
    public const string Key = "hubName";

    private const string Path = $"{Section}:{Key}";
    private const string Default = "TestHubName";
    private const int Longest = 45;

    /// <summary>The name.</summary>
    /// <exception cref="SelfHostException">The name that is given cannot be one.</exception>
    public static string Read(IConfiguration configuration)
    {
        var given = new HostJsonReader(configuration).Text(Path, "");
        if (given.Length == 0)
            return OfSite(configuration["WEBSITE_SITE_NAME"]) ?? Default;
        string name;
        try
        {
            name = SettingReferences.Fill(given, configuration);
        }
        catch (FormatException exception)
        {
            throw new SelfHostException($"{HostJsonFile.Name}: '{Path.Replace(':', '.')}': {exception.Message}", exception);
        }

        return ValidName().IsMatch(name)
            ? name
            : throw HostJsonReader.Wrong(Path, $"3 to {Longest} letters and digits that begin with a letter", name);
    }

    private static string? OfSite(string? site)
    {
        var name = string.Concat((site ?? "").Where(char.IsAsciiLetterOrDigit)).TrimStart("0123456789".ToCharArray());
        return name.Length == 0 ? null : name.Length < 3 ? name + "Hub" : name[..Math.Min(name.Length, Longest)];
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9]{2,44}\z")]
    private static partial Regex ValidName();
}
