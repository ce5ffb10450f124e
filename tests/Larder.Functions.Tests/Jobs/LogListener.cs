using System.Text.Json.Nodes;
using Larder.Registry.Jobs;

namespace Larder.Functions.Tests.Jobs;

/// <summary>A client of a job's live log. Events are shown as <c>{id} {text}</c>, the last as <c>end {state}</c>.</summary>
internal sealed class LogListener : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private LogListener(HttpResponseMessage response, Stream stream) => (_response, _reader) = (response, new StreamReader(stream));

    public static Task<LogListener> StartAsync(HttpClient client, Job job, string query = "", string? lastEventId = null) =>
        StartAsync(client, job.Id, query, lastEventId);

    public static async Task<LogListener> StartAsync(HttpClient client, string job, string query = "", string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs/{job}/logs{query}");
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        if (lastEventId is not null)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new LogListener(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>Waits for the next event; null at the end of the stream.</summary>
    public async Task<string?> NextAsync()
    {
        string? id = null, data = null, kind = null;
        while (await _reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
                id = line[4..];
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
                kind = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                data = line[6..];
            else if (line.Length == 0 && data is not null)
                return kind is null ? $"{id} {JsonNode.Parse(data)!["m"]}" : $"{kind} {JsonNode.Parse(data)!["state"]}";
        }
        return null;
    }

    /// <summary>All events until the stream ends.</summary>
    public async Task<IReadOnlyList<string>> RestAsync()
    {
        var all = new List<string>();
        while (await NextAsync() is { } one)
            all.Add(one);
        return all;
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _response.Dispose();
        return ValueTask.CompletedTask;
    }
}
