using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Larder.Client.Http;

/// <summary>Reads a log's server-sent events, and takes the stream up again where it breaks off.</summary>
internal sealed class LogFollower(ApiConnection api, LarderClientOptions options, ApiPath path)
{
    /// <summary>The lines until the job has ended.</summary>
    public async IAsyncEnumerable<JobLogEvent> FollowAsync(string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var broken = 0; ; broken++)
        {
            if (broken > 0)
            {
                if (broken > options.Retries)
                    throw new LarderException("The log broke off, and no line came after it was opened again.");
                await Task.Delay(options.RetryDelay * Math.Pow(2, broken - 1), options.TimeProvider, cancellationToken);
            }

            using var answer = await api.OpenAsync(
                new ApiRequest(HttpMethod.Get, path) { Accept = "text/event-stream", LastEventId = after, TakesLong = true },
                cancellationToken);
            await using var body = new WatchedStream(await answer.Content.ReadAsStreamAsync(cancellationToken), options.StreamSilence, options.TimeProvider);
            await using var events = SseParser.Create(body).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (await NextAsync(events, cancellationToken))
            {
                if (events.Current is not { EventType: "message", EventId: { } id } line)
                {
                    if (events.Current.EventType == "end")
                        yield break;
                    continue;
                }
                (after, broken) = (id, 0);
                yield return new JobLogEvent(id, JsonSerializer.Deserialize(line.Data, LarderJson.Default.JobLogLineDetails)!);
            }
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<SseItem<string>> events, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
