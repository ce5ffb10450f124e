using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions;

/// <summary>
/// The answer of the model API, in MLBuffet's shape: <c>{"http_status": {"code", "name", "description"}, ...}</c>.
/// The HTTP status is always the one the body names.
/// </summary>
/// <param name="status">HTTP status code.</param>
/// <param name="description">A sentence about what happened.</param>
internal sealed class Envelope(int status, string description) : IActionResult
{
    private readonly List<(string Name, object? Value)> _members = [];
    private readonly List<(string Name, string Value)> _headers = [];

    /// <summary>200 with a description.</summary>
    public static Envelope Ok(string description) => new(StatusCodes.Status200OK, description);

    /// <summary>Adds a member beside <c>http_status</c>.</summary>
    public Envelope With(string name, object? value)
    {
        _members.Add((name, value));
        return this;
    }

    /// <summary>Adds a response header.</summary>
    public Envelope WithHeader(string name, string value)
    {
        _headers.Add((name, value));
        return this;
    }

    /// <summary>Adds the ETag of the document that the answer shows or has written.</summary>
    public Envelope WithETag(string etag) => WithHeader(HeaderNames.ETag, $"\"{etag.Trim('"')}\"");

    /// <inheritdoc />
    public async Task ExecuteResultAsync(ActionContext context)
    {
        // Built whole before anything is sent, so that a failure can still be told.
        var body = new ArrayBufferWriter<byte>();
        Write(body);

        var response = context.HttpContext.Response;
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = body.WrittenCount;
        foreach (var (name, value) in _headers)
            response.Headers[name] = value;
        await response.BodyWriter.WriteAsync(body.WrittenMemory, context.HttpContext.RequestAborted);
    }

    private void Write(ArrayBufferWriter<byte> body)
    {
        using var writer = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = Json.Options.Encoder });
        writer.WriteStartObject();
        WriteStatus(writer, status, description);
        foreach (var (name, value) in _members)
        {
            writer.WritePropertyName(name);
            JsonSerializer.Serialize(writer, value, Json.Options);
        }
        writer.WriteEndObject();
    }

    private static void WriteStatus(Utf8JsonWriter writer, int status, string description)
    {
        writer.WriteStartObject("http_status");
        writer.WriteNumber("code", status);
        writer.WriteString("name", ReasonPhrases.GetReasonPhrase(status));
        writer.WriteString("description", description);
        writer.WriteEndObject();
    }
}
