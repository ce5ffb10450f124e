using System.Buffers;
using System.Text.Json;
using Larder.Contracts;
using Larder.Inference;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Http;

/// <summary>
/// An answer in JSON. It is built whole before anything is sent, so that a failure can still be told. One to <c>GET</c> has an <c>ETag</c>, and is 304 where
/// <c>If-None-Match</c> names it.
/// </summary>
internal abstract class JsonAnswer : IActionResult
{
    private readonly List<(string Name, string Value)> _headers = [];
    private string? _location;
    private readonly ArrayBufferWriter<byte> _body = new();

    /// <summary>The HTTP status; 0 before it is built.</summary>
    public int Status { get; private set; }

    /// <summary>Writes the body, in the dialect of the route where the answer is an error. <see cref="ErrorMiddleware"/> calls it, which has an answer for what fails here.</summary>
    public void Build(Dialect dialect)
    {
        using var writer = new Utf8JsonWriter(_body, new JsonWriterOptions { Encoder = Json.Options.Encoder });
        Status = Write(writer, dialect);
    }

    /// <inheritdoc />
    public async Task ExecuteResultAsync(ActionContext context)
    {
        if (Status == 0)
            Build(Dialect.ModelApi);
        var (request, response) = (context.HttpContext.Request, context.HttpContext.Response);
        response.StatusCode = Status;
        foreach (var (name, value) in _headers)
            response.Headers[name] = value;
        if (_location is not null)
            response.Headers.Location = request.PathBase + _location;
        if (Status == StatusCodes.Status200OK && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)))
        {
            var etag = EntityTags.OfAnswer(response.Headers.ETag, _body.WrittenSpan);
            response.Headers.ETag = etag;
            if (EntityTags.IsKnown(request, etag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = _body.WrittenCount;
        await response.BodyWriter.WriteAsync(_body.WrittenMemory, context.HttpContext.RequestAborted);
    }

    /// <summary>Writes the body.</summary>
    /// <returns>The HTTP status.</returns>
    protected abstract int Write(Utf8JsonWriter writer, Dialect dialect);

    /// <summary>Adds a response header.</summary>
    protected void Add(string header, string value) => _headers.Add((header, value));

    /// <summary>Adds the header <c>Location</c>.</summary>
    /// <param name="path">A path of this server, without the base path.</param>
    protected void AddLocation(string path) => _location = path;
}

/// <summary>
/// The answer of the model API, in MLBuffet's shape: <c>{"http_status": {"code", "name", "description"}, ...}</c>.
/// The HTTP status is always the one the body names.
/// </summary>
/// <param name="status">HTTP status code.</param>
/// <param name="description">A sentence about what happened.</param>
/// <param name="answer">What stands beside <c>http_status</c>; null for nothing.</param>
internal sealed class Envelope(int status, string description, Answer? answer = null) : JsonAnswer
{
    /// <summary>What stands beside <c>http_status</c>.</summary>
    public Answer? Answer => answer;

    /// <summary>200 with a description.</summary>
    public static Envelope Ok(string description, Answer? answer = null) => new(StatusCodes.Status200OK, description, answer);

    /// <summary>Adds a response header.</summary>
    public Envelope WithHeader(string name, string value)
    {
        Add(name, value);
        return this;
    }

    /// <summary>Adds the header <c>Location</c>.</summary>
    /// <param name="path">A path of this server, without the base path.</param>
    public Envelope WithLocation(string path)
    {
        AddLocation(path);
        return this;
    }

    /// <summary>Adds the ETag of the document that the answer shows or has written.</summary>
    public Envelope WithETag(string etag) => WithHeader(HeaderNames.ETag, $"\"{etag.Trim('"')}\"");

    /// <summary>Writes an answer with its <c>http_status</c>.</summary>
    public static void Write(Utf8JsonWriter writer, int status, string description, Answer answer)
    {
        var whole = answer with { HttpStatus = new HttpStatus { Code = status, Name = ReasonPhrases.GetReasonPhrase(status), Description = description } };
        JsonSerializer.Serialize(writer, whole, whole.GetType(), Json.Options);
    }

    /// <inheritdoc />
    protected override int Write(Utf8JsonWriter writer, Dialect dialect)
    {
        Write(writer, status, description, answer ?? new Answer());
        return status;
    }
}

/// <summary>An error, which the dialect of the route gives its status and its body.</summary>
/// <param name="kind">What is wrong.</param>
/// <param name="sentence">What is wrong and what would be right, for the caller.</param>
internal sealed class ErrorAnswer(ErrorKind kind, string sentence) : JsonAnswer
{
    /// <summary>What is wrong.</summary>
    public ErrorKind Kind => kind;

    /// <summary>What is wrong and what would be right, for the caller.</summary>
    public string Sentence => sentence;

    /// <summary>Adds a response header.</summary>
    public ErrorAnswer WithHeader(string name, string value)
    {
        Add(name, value);
        return this;
    }

    /// <inheritdoc />
    protected override int Write(Utf8JsonWriter writer, Dialect dialect)
    {
        var status = dialect.StatusOf(kind);
        dialect.Write(writer, kind, status, sentence);
        return status;
    }
}

/// <summary>An answer that is an object of another protocol, as it is.</summary>
/// <param name="answer">The object.</param>
internal sealed class PlainAnswer(object answer) : JsonAnswer
{
    /// <inheritdoc />
    protected override int Write(Utf8JsonWriter writer, Dialect dialect)
    {
        JsonSerializer.Serialize(writer, answer, answer.GetType(), Json.Options);
        return StatusCodes.Status200OK;
    }
}
