using Larder.Dashboard.Assets;

namespace Larder.Dashboard;

/// <summary>Who looks at a page, and what the links and forms on it may offer. The server checks the role again when one is used.</summary>
/// <param name="Name">The caller's name.</param>
/// <param name="Role">The caller's role, as settings call it.</param>
/// <param name="CanRead">Whether pages with content can be seen.</param>
/// <param name="CanPredict">Whether predictions are allowed.</param>
/// <param name="CanChange">Whether models, jobs and schedules can be changed.</param>
/// <param name="IsAdmin">Whether everything is allowed.</param>
/// <param name="HasScope">Whether the caller sees some of the models only.</param>
/// <param name="CanSignOut">Whether there is a session to end.</param>
/// <param name="PlatformSignOut">The address that ends the platform's session; null for who did not sign in there.</param>
public sealed record Viewer(string Name, string Role, bool CanRead, bool CanPredict, bool CanChange, bool IsAdmin, bool HasScope, bool CanSignOut, string? PlatformSignOut);

/// <summary>What every page knows beside its own content.</summary>
/// <param name="Base">The path under which the server is reached: empty, or with a leading slash and none at the end.</param>
/// <param name="Path">The path of the page, without <see cref="Base"/>.</param>
/// <param name="Viewer">Who looks at it.</param>
/// <param name="FormToken">The token against cross-site request forgery, which every form sends back as <see cref="FormField"/>.</param>
/// <param name="Notice">What the last change has to say; null without one.</param>
/// <param name="Version">The server's version.</param>
public sealed record PageContext(string Base, string Path, Viewer Viewer, string FormToken, string? Notice, string Version)
{
    /// <summary>The name of the field, or of the header, with <see cref="FormToken"/>.</summary>
    public const string FormField = "form-token";

    /// <summary>The address of a path of this server.</summary>
    /// <param name="path">The path, with a leading slash; text in it is escaped already.</param>
    public string Url(FormattableString path) => Base + string.Format(System.Globalization.CultureInfo.InvariantCulture, path.Format, [.. path.GetArguments().Select(Escaped)]);

    /// <summary>The address of the page, without its query. Every form names where it goes: the renderer has no address to fall back on.</summary>
    public string Here => Base + Path;

    /// <summary>The address of the page with another query; a parameter without a value is left out.</summary>
    /// <param name="query">The parameters, not escaped.</param>
    public string HereWith(IEnumerable<KeyValuePair<string, string>> query) => With(Here, query);

    /// <summary>The address of a path of this server with a query; a parameter without a value is left out.</summary>
    /// <param name="path">The path, as for <see cref="Url"/>.</param>
    /// <param name="query">The parameters, not escaped.</param>
    public string UrlWith(FormattableString path, IEnumerable<KeyValuePair<string, string>> query) => With(Url(path), query);

    /// <summary>The address of an asset.</summary>
    /// <param name="file">Its name in this project.</param>
    public string AssetUrl(string file) => $"{Base}/ui/assets/{AssetFiles.NameOf(file)}";

    private static string With(string address, IEnumerable<KeyValuePair<string, string>> query)
    {
        var text = string.Join('&', query.Where(one => one.Value.Length > 0).Select(one => $"{Uri.EscapeDataString(one.Key)}={Uri.EscapeDataString(one.Value)}"));
        return text.Length > 0 ? $"{address}?{text}" : address;
    }

    // A reference keeps its colon, as people write it.
    private static object Escaped(object? value) => Uri.EscapeDataString($"{value}").Replace("%3A", ":", StringComparison.Ordinal);
}
