using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Larder.Worker.Tests.Parity;

/// <summary>An answer, without what differs from one run to the next.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Headers">Headers, one a line.</param>
/// <param name="Body">The body.</param>
/// <param name="Job">The id of the job that was begun; null: none.</param>
internal sealed partial record Answer(int Status, string Headers, string Body, string? Job)
{
    // Of the server or of the moment; lengths follow from bodies.
    private static readonly string[] Ignored = ["Date", "Server", "x-request-id", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive"];

    // A revision, or a hash of what has times in it.
    private static readonly string[] ByPresence = ["ETag", "Last-Modified"];

    /// <param name="response">What came.</param>
    /// <param name="known">Ids of jobs by the names of the requests that began them: each becomes its name.</param>
    public static async Task<Answer> ReadAsync(HttpResponseMessage response, IReadOnlyDictionary<string, string> known)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var isText = response.Content.Headers.ContentType?.MediaType is { } type && (type.StartsWith("text/", StringComparison.Ordinal) || type.EndsWith("json", StringComparison.Ordinal));
        var text = isText ? System.Text.Encoding.UTF8.GetString(bytes) : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        var job = isText && text.StartsWith('{') ? JobOf(text) : null;

        string Blank(string value)
        {
            foreach (var (name, id) in known)
                value = value.Replace(id, $"{{{name}}}", StringComparison.Ordinal);
            if (job is not null)
                value = value.Replace(job, "{job}", StringComparison.Ordinal);
            return Cookie().Replace(Threads().Replace(Run().Replace(Id().Replace(Tag().Replace(Port().Replace(Time().Replace(value, "{time}"), "{host}"), "{tag}"), "{id}"), "{run}"), "{threads}"), "{cookie}");
        }

        var headers = response.Headers.Concat(response.Content.Headers)
            .Where(header => !Ignored.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            .Select(header => $"{header.Key}: {(ByPresence.Contains(header.Key, StringComparer.OrdinalIgnoreCase) ? "{present}" : Blank(string.Join(", ", header.Value)))}")
            .Order(StringComparer.OrdinalIgnoreCase);
        return new Answer((int)response.StatusCode, string.Join('\n', headers), Blank(text), job);
    }

    /// <summary>As much of it as is compared.</summary>
    public string Shown(Compared compared) => compared switch
    {
        Compared.Status => $"{Status}",
        Compared.Headers => $"{Status}\n{Headers}",
        _ => $"{Status}\n{Headers}\n\n{Body}",
    };

    private static string? JobOf(string json)
    {
        try
        {
            return (string?)JsonNode.Parse(json)?["job"]?["id"];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // ISO 8601, and as MLBuffet's list of versions has it.
    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)|\d\d:\d\d:\d\d \d\d/\d\d/\d{4}")]
    private static partial Regex Time();

    // The experiment that it is in has an id of chance.
    [GeneratedRegex("(?<=\"run\":\")[0-9a-f]{32}")]
    private static partial Regex Run();

    // Each server measures which number is faster, and says the rates if runs were long enough to compare.
    [GeneratedRegex("(?<=\"threads\":)\\d+,\"threads_reason\":\"[a-z_]+\"(,\"[a-z_]+_runs_per_second\":[0-9.E+-]+)*")]
    private static partial Regex Threads();

    // Each browser gets its own.
    [GeneratedRegex("(?<=larder-[a-z]+=)[^;]+")]
    private static partial Regex Cookie();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Port();

    [GeneratedRegex(@"0x[0-9A-F]{8,}")]
    private static partial Regex Tag();

    // Ids are sixteen small letters and digits, with a digit among them.
    [GeneratedRegex(@"\b(?=[a-z]*\d)[a-z0-9]{16}\b")]
    private static partial Regex Id();
}
