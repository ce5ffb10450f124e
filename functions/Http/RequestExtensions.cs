using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Http;

/// <summary>What several routes read from a request.</summary>
internal static class RequestExtensions
{
    /// <summary>The ETags of <c>If-Match</c>, separated by commas; null for any (<see cref="EntityTags.Required"/>).</summary>
    public static string? IfMatch(this HttpRequest request) => EntityTags.Required(request) is { } tags ? string.Join(',', tags) : null;

    /// <summary>Whether a route that takes forms too is sent JSON: it says so, or says what <c>curl -d</c> says of every body.</summary>
    public static bool IsJson(this HttpRequest request) =>
        request.HasJsonContentType()
        || (MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase));

    /// <summary>A yes-or-no query parameter: present without a value is yes.</summary>
    /// <param name="request">The request.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="absent">What it is when it is absent.</param>
    /// <exception cref="InvalidRequestException">The value is neither true nor false.</exception>
    public static bool Flag(this HttpRequest request, string name, bool absent = false) => request.Query[name] switch
    {
        [] => absent,
        ["" or "true" or "1"] => true,
        ["false" or "0"] => false,
        _ => throw new InvalidRequestException($"{name} must be true or false."),
    };
}
