using Larder.Registry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions;

/// <summary>What every route that reads a streamed form needs.</summary>
internal static class MultipartForm
{
    /// <summary>RFC 2046: a boundary has at most 70 characters.</summary>
    private const int MaxBoundary = 70;

    /// <summary>A reader of the request's parts.</summary>
    /// <exception cref="InvalidRequestException">The form has no usable boundary.</exception>
    public static MultipartReader Reader(HttpRequest request, MediaTypeHeaderValue type) =>
        HeaderUtilities.RemoveQuotes(type.Boundary).Value is { Length: > 0 and <= MaxBoundary } boundary
            ? new MultipartReader(boundary, request.Body)
            : throw new InvalidRequestException("The multipart form has no usable boundary.");

    /// <summary>Whether an exception says that the form itself, and not the connection, is broken.</summary>
    public static bool IsBroken(Exception exception) => exception is InvalidDataException or IOException and not BadHttpRequestException;

    /// <summary>What the caller is told about it.</summary>
    public static InvalidRequestException Broken() => new("The multipart form is broken or ends too early.");

    /// <summary>Text from a header as a message may repeat it.</summary>
    public static string Shown(string text) => new([.. text.Take(100).Where(character => !char.IsControl(character))]);
}
