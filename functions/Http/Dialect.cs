using System.Text.Json;
using Larder.Contracts;
using Larder.Inference;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary>How a protocol says what went wrong.</summary>
/// <param name="Paths">The paths of its routes; empty for all that no other dialect has.</param>
/// <param name="Statuses">The kinds of errors for which it has another HTTP status than the kind's own.</param>
/// <param name="Write">Writes the body of an error: of which kind and status, and the sentence for the caller.</param>
internal sealed record Dialect(IReadOnlyList<PathPattern> Paths, IReadOnlyDictionary<ErrorKind, int> Statuses, Action<Utf8JsonWriter, ErrorKind, int, string> Write)
{
    /// <summary>That of the model API: MLBuffet's <c>http_status</c>.</summary>
    public static Dialect ModelApi { get; } = new(
        [],
        new Dictionary<ErrorKind, int>(),
        (writer, _, status, sentence) => Envelope.Write(writer, status, sentence, new Answer()));

    /// <summary>That of the Open Inference Protocol V2: <c>{"error": sentence}</c>, and 400 for what is wrong with the content.</summary>
    public static Dialect OpenInference { get; } = new(
        [new("/v2")],
        new Dictionary<ErrorKind, int> { [ErrorKind.Invalid] = StatusCodes.Status400BadRequest },
        (writer, _, _, sentence) =>
        {
            writer.WriteStartObject();
            writer.WriteString("error"u8, sentence);
            writer.WriteEndObject();
        });

    /// <summary>That of TensorFlow Serving's REST API and of KServe V1: the same as of the Open Inference Protocol.</summary>
    public static Dialect TensorFlowServing { get; } = OpenInference with { Paths = [new("/v1")] };

    /// <summary>That of MLflow's scoring server: <c>{"error_code": code, "message": sentence}</c>, and 400 for what is wrong with the content.</summary>
    public static Dialect MLflowScoring { get; } = new(
        [new("/invocations"), new("/ping"), new("/health"), new("/api/v1/models", "/invocations")],
        new Dictionary<ErrorKind, int> { [ErrorKind.Invalid] = StatusCodes.Status400BadRequest },
        (writer, _, status, sentence) => WriteMLflow(writer, MLflowCodeOf(status), sentence));

    /// <summary>That of MLflow's tracking server: the same form, with the codes and statuses that its clients know; what exists already is 400 there.</summary>
    public static Dialect MLflow { get; } = new(
        [new("/api/2.0/mlflow"), new("/api/2.0/mlflow-artifacts"), new("/api/3.0/mlflow"), new("/ajax-api"), new("/get-artifact"), new("/model-versions")],
        new Dictionary<ErrorKind, int>
        {
            [ErrorKind.Invalid] = StatusCodes.Status400BadRequest,
            [ErrorKind.Conflict] = StatusCodes.Status400BadRequest,
            // Its API has no conditions: this is what is stored and forbids a change.
            [ErrorKind.PreconditionFailed] = StatusCodes.Status409Conflict,
        },
        (writer, kind, status, sentence) => WriteMLflow(
            writer,
            kind switch
            {
                ErrorKind.Invalid or ErrorKind.TooLarge or ErrorKind.UnsupportedMedia => "INVALID_PARAMETER_VALUE",
                ErrorKind.Conflict => "RESOURCE_ALREADY_EXISTS",
                ErrorKind.WrongMethod => "ENDPOINT_NOT_FOUND",
                _ => MLflowCodeOf(status),
            },
            sentence));

    /// <summary>That of Azure ML's inference server: <c>{"message": sentence}</c>, and 400 for what is wrong with the content.</summary>
    public static Dialect AzureMl { get; } = new(
        [new("/score"), new("/swagger.json")],
        new Dictionary<ErrorKind, int> { [ErrorKind.Invalid] = StatusCodes.Status400BadRequest, [ErrorKind.Timeout] = StatusCodes.Status500InternalServerError },
        (writer, _, _, sentence) =>
        {
            writer.WriteStartObject();
            writer.WriteString("message"u8, sentence);
            writer.WriteEndObject();
        });

    /// <summary>The HTTP status of a kind of error.</summary>
    public int StatusOf(ErrorKind kind) => Statuses.TryGetValue(kind, out var own) ? own : (int)kind;

    private static void WriteMLflow(Utf8JsonWriter writer, string code, string sentence)
    {
        writer.WriteStartObject();
        writer.WriteString("error_code"u8, code);
        writer.WriteString("message"u8, sentence);
        writer.WriteEndObject();
    }

    // The names of mlflow/protos/databricks.proto.
    private static string MLflowCodeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "UNAUTHENTICATED",
        StatusCodes.Status403Forbidden => "PERMISSION_DENIED",
        StatusCodes.Status404NotFound => "RESOURCE_DOES_NOT_EXIST",
        StatusCodes.Status409Conflict => "RESOURCE_CONFLICT",
        StatusCodes.Status429TooManyRequests => "REQUEST_LIMIT_EXCEEDED",
        StatusCodes.Status501NotImplemented => "NOT_IMPLEMENTED",
        StatusCodes.Status503ServiceUnavailable => "TEMPORARILY_UNAVAILABLE",
        StatusCodes.Status504GatewayTimeout => "DEADLINE_EXCEEDED",
        >= StatusCodes.Status500InternalServerError => "INTERNAL_ERROR",
        _ => "BAD_REQUEST",
    };
}

/// <summary>Paths of routes.</summary>
/// <param name="Prefix">What they begin with.</param>
/// <param name="Suffix">What they end with behind at least one segment more; empty for all that begin so.</param>
internal readonly record struct PathPattern(PathString Prefix, string Suffix = "")
{
    /// <summary>How much of a path it determines.</summary>
    public int Length => Prefix.Value!.Length + Suffix.Length;

    /// <summary>Whether a path is one of them.</summary>
    public bool Matches(PathString path)
    {
        if (!path.StartsWithSegments(Prefix))
            return false;
        if (Suffix.Length == 0)
            return true;
        var text = path.Value.AsSpan().TrimEnd('/');
        return text.Length > Length && text.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>The dialects that this server speaks. With <see cref="ErrorKind"/> it is the one table of what errors look like.</summary>
internal sealed class Dialects(params Dialect[] entries)
{
    /// <summary>All of them; a new protocol is an entry here.</summary>
    public static Dialects All { get; } = new(Dialect.ModelApi, Dialect.OpenInference, Dialect.TensorFlowServing, Dialect.MLflowScoring, Dialect.MLflow, Dialect.AzureMl);

    /// <summary>The dialect of a path, whether there is a route or not: the one whose pattern determines most of it.</summary>
    public Dialect Of(PathString path)
    {
        var (found, length) = (Dialect.ModelApi, 0);
        foreach (var entry in entries)
        {
            foreach (var pattern in entry.Paths)
            {
                if (pattern.Length > length && pattern.Matches(path))
                    (found, length) = (entry, pattern.Length);
            }
        }
        return found;
    }
}
