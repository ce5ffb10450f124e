using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Registry;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions;

/// <summary>How the API reads and writes JSON: snake_case, and an unknown member is an error, never ignored.</summary>
internal static class Json
{
    /// <summary>Longest JSON body that describes a change; predictions have their own limit.</summary>
    private const long MaxBodyBytes = 1 << 20;

    /// <summary>Shared options.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a JSON body of a type.</summary>
    /// <param name="request">The request.</param>
    /// <param name="expected">What the body should be, for the message, as <c>{model_description:string}</c>.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="InvalidRequestException">There is no body, it is not JSON, or it does not fit the type.</exception>
    public static async Task<T> ReadAsync<T>(HttpRequest request, string expected, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBodyBytes)
            throw new TooLargeException($"The JSON body is limited to {MaxBodyBytes} bytes; {request.ContentLength} came.");

        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            body.Write(buffer, 0, read);
            if (body.Length > MaxBodyBytes)
                throw new TooLargeException($"The JSON body is limited to {MaxBodyBytes} bytes.");
        }
        if (body.Length == 0)
            throw new InvalidRequestException($"No json data provided {expected}");
        body.Position = 0;
        return Deserialize<T>(body.GetBuffer().AsSpan(0, (int)body.Length), expected);
    }

    /// <summary>Parses JSON of a type; a failure is a sentence for the caller.</summary>
    public static T Deserialize<T>(ReadOnlySpan<byte> json, string expected)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options)
                ?? throw new InvalidRequestException($"No json data provided {expected}");
        }
        catch (JsonException exception)
        {
            throw new InvalidRequestException($"The JSON is not {expected}: {Explain(exception)}");
        }
    }

    /// <summary>Reads parsed JSON as a type; a failure is a sentence for the caller.</summary>
    public static T Deserialize<T>(JsonElement json, string expected) => Deserialize<T>(JsonMarshal.GetRawUtf8Value(json), expected);

    /// <summary>What was wrong with a JSON text, without .NET type names.</summary>
    public static string Explain(JsonException exception)
    {
        var where = exception.Path is { Length: > 1 } path ? $"at {path}" : $"at line {(exception.LineNumber ?? 0) + 1}, byte {(exception.BytePositionInLine ?? 0) + 1}";
        if (exception.Message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal))
        {
            var name = exception.Message.Split('\'') is [_, var unknown, ..] ? unknown : "?";
            return $"the member '{name}' is not known.";
        }
        if (exception.Message.Contains("could not be converted", StringComparison.Ordinal))
            return $"the value {where} has the wrong type.";
        if (exception.Message.Contains("Duplicate property", StringComparison.OrdinalIgnoreCase))
            return $"a member is given twice {where}.";
        var sentence = exception.Message.Split(" Path:", 2)[0].Split(" LineNumber:", 2)[0];
        return $"{sentence.TrimEnd('.')} ({where}).";
    }
}
