using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Larder.Testing.Load;

/// <summary>What a warm request allocates in another process, over HTTP. Bytes are counted, not time, so the figure is the same on a busy machine.</summary>
public static partial class AllocationMeter
{
    private const int Callers = 4;

    // Long enough for the timers and polls of a server to come several times.
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Sends requests in windows, and gives the bytes of one request in the window that had the fewest. What the process allocates by the second without requests is subtracted: on a busy machine a window takes longer.
    /// </summary>
    /// <param name="client">Talks to the process.</param>
    /// <param name="path">Where a request goes.</param>
    /// <param name="body">What it carries.</param>
    /// <param name="type">The body's media type.</param>
    /// <param name="allocated">Bytes that the process has allocated since its start.</param>
    /// <param name="windows">How often.</param>
    /// <param name="requests">Requests of a window.</param>
    public static async Task<double> PerRequestAsync(HttpClient client, string path, byte[] body, string type, Func<Task<long>> allocated, int windows = 5, int requests = 6_000)
    {
        // Until the code is compiled with all optimisations, which happens in the background.
        for (var i = 0; i < 3; i++)
            await SendAsync(client, path, body, type, requests);

        var perSecond = await IdleAsync(allocated);
        var fewest = double.MaxValue;
        for (var window = 0; window < windows; window++)
        {
            // Asking allocates, too.
            var asked = await allocated();
            var before = await allocated();
            var began = Stopwatch.GetTimestamp();
            await SendAsync(client, path, body, type, requests);
            var besides = before - asked + perSecond * Stopwatch.GetElapsedTime(began).TotalSeconds;
            fewest = Math.Min(fewest, (await allocated() - before - besides) / requests);
        }

        return fewest;
    }

    /// <summary>The bytes that a Larder has allocated since its start, of its metrics.</summary>
    public static async Task<long> OfLarderAsync(HttpClient client) =>
        long.Parse(Allocated().Match(await client.GetStringAsync("/metrics")) is { Success: true } match ? match.Groups["bytes"].Value : throw new InvalidDataException("/metrics has no dotnet_gc_heap_total_allocated_bytes_total."), CultureInfo.InvariantCulture);

    private static async Task<double> IdleAsync(Func<Task<long>> allocated)
    {
        var asked = await allocated();
        var before = await allocated();
        var began = Stopwatch.GetTimestamp();
        await Task.Delay(Idle);
        return Math.Max(0, await allocated() - before - (before - asked)) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static Task SendAsync(HttpClient client, string path, byte[] body, string type, int requests) => Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
    {
        for (var i = 0; i < requests / Callers; i++)
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
            using var response = await client.PostAsync(path, content);
            response.EnsureSuccessStatusCode();
        }
    })));

    [GeneratedRegex(@"^dotnet_gc_heap_total_allocated_bytes_total(\{\})? (?<bytes>\d+)", RegexOptions.Multiline)]
    private static partial Regex Allocated();
}
