using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Http;

/// <summary>
/// ETags and the conditions on them (RFC 9110, section 13). A document's tag changes with the document; what a <c>GET</c> shows has more, such as a schedule's next
/// runs. So the tag of an answer to <c>GET</c> is the document's, a point, and a hash of the answer; a compressed answer adds a point and the coding. What precedes the
/// first point is what a change may require.
/// </summary>
internal static class EntityTags
{
    /// <summary>The header of a change that requires a tag.</summary>
    public const string IfMatch = "If-Match";

    /// <summary>The header of a request for what has none of the tags.</summary>
    public const string IfNoneMatch = "If-None-Match";

    private const int HashBytes = 12;

    private static readonly string[] Codings = [".br", ".gzip"];

    /// <summary>The tag of an answer to <c>GET</c>: weak without a document of its own, as of a list.</summary>
    /// <param name="document">The tag of the document that is shown, in quotes; null for none.</param>
    /// <param name="body">The answer.</param>
    public static string OfAnswer(string? document, ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        var shown = Convert.ToHexStringLower(hash[..HashBytes]);
        return document is null ? $"W/\"{shown}\"" : $"{document[..^1]}.{shown}\"";
    }

    /// <summary>The tag of an answer that is sent in another coding. A weak one stays: it says that the content is the same, not the bytes.</summary>
    public static string Compressed(string etag, string coding) => etag.StartsWith('W') ? etag : $"{etag[..^1]}.{coding}\"";

    /// <summary>Whether <c>If-None-Match</c> names a tag, so that the caller has the answer already. The comparison is weak, and a coding makes no difference.</summary>
    public static bool IsKnown(HttpRequest request, string etag) =>
        request.Headers.IfNoneMatch.Count > 0
        && request.GetTypedHeaders().IfNoneMatch.Any(known => known == EntityTagHeaderValue.Any || Core(known.Tag.AsSpan()).SequenceEqual(Core(etag)));

    /// <summary>
    /// The tags of <c>If-Match</c> that a document may have, without quotes; null for any: the header is absent or <c>*</c>. Weak tags match nothing.
    /// </summary>
    public static IReadOnlyList<string>? Required(HttpRequest request)
    {
        var given = request.Headers.IfMatch;
        if (given.Count == 0)
            return null;
        // What is no tag in quotes is taken as one: many clients leave the quotes out.
        var tags = request.GetTypedHeaders().IfMatch is { Count: > 0 } parsed ? parsed : [.. given.Where(tag => tag is not null).Select(tag => new EntityTagHeaderValue($"\"{tag!.Trim().Trim('"')}\""))];
        return tags.Contains(EntityTagHeaderValue.Any) ? null : [.. tags.Where(tag => !tag.IsWeak).Select(tag => tag.Tag.ToString().Trim('"').Split('.')[0])];
    }

    // Without W/, quotes and coding.
    private static ReadOnlySpan<char> Core(ReadOnlySpan<char> etag)
    {
        var core = (etag.StartsWith("W/") ? etag[2..] : etag).Trim('"');
        foreach (var coding in Codings)
        {
            if (core.EndsWith(coding, StringComparison.Ordinal))
                return core[..^coding.Length];
        }
        return core;
    }
}
