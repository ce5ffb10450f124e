using System.Text.Json;
using Larder.Contracts;
using Larder.Inference;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary>How a protocol says what went wrong.</summary>
/// <param name="Prefix">What the paths of its routes begin with; empty for all that no other dialect has.</param>
/// <param name="Statuses">The kinds of errors for which it has another HTTP status than the kind's own.</param>
/// <param name="Write">Writes the body of an error: of which status, and the sentence for the caller.</param>
internal sealed record Dialect(PathString Prefix, IReadOnlyDictionary<ErrorKind, int> Statuses, Action<Utf8JsonWriter, int, string> Write)
{
    /// <summary>That of the model API: MLBuffet's <c>http_status</c>.</summary>
    public static Dialect ModelApi { get; } = new(
        PathString.Empty,
        new Dictionary<ErrorKind, int>(),
        (writer, status, sentence) => Envelope.Write(writer, status, sentence, new Answer()));

    /// <summary>That of the Open Inference Protocol V2: <c>{"error": sentence}</c>, and 400 for what is wrong with the content.</summary>
    public static Dialect OpenInference { get; } = new(
        "/v2",
        new Dictionary<ErrorKind, int> { [ErrorKind.Invalid] = StatusCodes.Status400BadRequest },
        (writer, _, sentence) =>
        {
            writer.WriteStartObject();
            writer.WriteString("error"u8, sentence);
            writer.WriteEndObject();
        });

    /// <summary>The HTTP status of a kind of error.</summary>
    public int StatusOf(ErrorKind kind) => Statuses.TryGetValue(kind, out var own) ? own : (int)kind;
}

/// <summary>The dialects that this server speaks. With <see cref="ErrorKind"/> it is the one table of what errors look like.</summary>
internal sealed class Dialects(params Dialect[] entries)
{
    /// <summary>All of them; a new protocol is an entry here.</summary>
    public static Dialects All { get; } = new(Dialect.ModelApi, Dialect.OpenInference);

    /// <summary>The dialect of a path, whether there is a route or not: the one with the longest prefix.</summary>
    public Dialect Of(PathString path)
    {
        var found = Dialect.ModelApi;
        foreach (var entry in entries)
        {
            if (path.StartsWithSegments(entry.Prefix) && entry.Prefix.Value!.Length >= found.Prefix.Value!.Length)
                found = entry;
        }
        return found;
    }
}
