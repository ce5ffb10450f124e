using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Larder.Registry.Errors;
using Larder.Registry.Text;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary>How the API reads and writes JSON: snake_case, and an unknown member is an error, never ignored.</summary>
internal static class Json
{
    /// <summary>Deepest nesting of a JSON body that describes a change; predictions have their own limit.</summary>
    private const int MaxDepth = JsonText.MaxDepth;

    /// <summary>Longest JSON body that describes a change; predictions have their own limit.</summary>
    private const int MaxBodyBytes = 1 << 20;

    /// <summary>Shared options.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        MaxDepth = MaxDepth,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a JSON body of a type.</summary>
    /// <param name="request">The request.</param>
    /// <param name="expected">What the body should be, for the message, as <c>{model_description:string}</c>.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="InvalidRequestException">There is no body, it is not JSON, or it does not fit the type.</exception>
    /// <exception cref="HttpStatusException">It is said to be something else, or in a coding or charset that is not read (415).</exception>
    public static async Task<T> ReadAsync<T>(HttpRequest request, string expected, CancellationToken cancellationToken) =>
        await ReadBytesAsync(request, cancellationToken) is { IsEmpty: false } body
            ? Deserialize<T>(body.Span, expected)
            : throw Absent(expected);

    /// <summary>Reads a JSON body that may be left out.</summary>
    /// <returns>What it says; of an empty body, the type's default value.</returns>
    /// <inheritdoc cref="ReadAsync"/>
    public static async Task<T> ReadOrDefaultAsync<T>(HttpRequest request, string expected, CancellationToken cancellationToken)
        where T : new() =>
        await ReadBytesAsync(request, cancellationToken) is { IsEmpty: false } body ? Deserialize<T>(body.Span, expected) : new T();

    /// <summary>Reads a JSON object whose members are few.</summary>
    /// <param name="request">The request.</param>
    /// <param name="expected">What the body should be, for the message, as <c>{model_description:string}</c>.</param>
    /// <param name="members">The members that it may have.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="InvalidRequestException">There is no body, it is not a JSON object, or it has other members.</exception>
    public static async Task<JsonElement> ReadObjectAsync(HttpRequest request, string expected, string[] members, CancellationToken cancellationToken) =>
        RequireObject(await ReadAsync<JsonElement>(request, expected, cancellationToken), expected, members);

    /// <summary>Reads a JSON object whose members are few, and that may be left out.</summary>
    /// <returns>The object; null of an empty body.</returns>
    /// <inheritdoc cref="ReadObjectAsync"/>
    public static async Task<JsonElement?> FindObjectAsync(HttpRequest request, string expected, string[] members, CancellationToken cancellationToken) =>
        await ReadBytesAsync(request, cancellationToken) is { IsEmpty: false } body ? RequireObject(Deserialize<JsonElement>(body.Span, expected), expected, members) : null;

    private static JsonElement RequireObject(JsonElement body, string expected, string[] members)
    {
        if (body.ValueKind != JsonValueKind.Object)
            throw new InvalidRequestException($"The JSON must be an object {expected}");
        foreach (var member in body.EnumerateObject())
        {
            if (!members.Contains(member.Name))
                throw new InvalidRequestException($"The member '{RequestText.Shown(member.Name)}' is not known; send {expected}.");
        }
        return body;
    }

    /// <summary>Parses JSON of a type; a failure is a sentence for the caller.</summary>
    public static T Deserialize<T>(ReadOnlySpan<byte> json, string expected)
    {
        var text = JsonText.Check(json);
        try
        {
            return JsonSerializer.Deserialize<T>(text, Options) ?? throw Absent(expected);
        }
        catch (JsonException exception)
        {
            throw new InvalidRequestException($"The JSON is not {expected}: {JsonFault.Explain(exception, text, Options.GetTypeInfo(typeof(T)))}");
        }
    }

    /// <summary>Reads parsed JSON as a type; a failure is a sentence for the caller.</summary>
    public static T Deserialize<T>(JsonElement json, string expected) => Deserialize<T>(JsonMarshal.GetRawUtf8Value(json), expected);

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var tooLarge = $"The JSON body is limited to {MaxBodyBytes} bytes.";
        var body = await request.OpenJsonAsync(cancellationToken);
        return request.ContentLength > MaxBodyBytes
            ? throw new TooLargeException(tooLarge)
            : await RequestBody.ReadAsync(body.AsStream(leaveOpen: true), MaxBodyBytes, tooLarge, cancellationToken);
    }

    private static InvalidRequestException Absent(string expected) => new($"No json data provided {expected}");
}
