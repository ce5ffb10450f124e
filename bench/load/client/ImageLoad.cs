using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Larder.Bench.Client;

/// <summary>
/// One caller that sends the same image again and again, and after each answer asks the server's statistics (Triton's) where the time went. Then it sends the image to a bare endpoint that keeps a processor busy
/// for as long as decoding and run took: what such a request costs without a model, with the same time between its bytes and the answer, in which processors fall asleep.
/// </summary>
internal static class ImageLoad
{
    public static async Task<object> RunAsync(Uri address, Uri floor, string model, string file, int seconds)
    {
        // One connection: the server answers its requests in their order, so the statistics have the prediction before.
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1 }) { BaseAddress = address };
        using var bare = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1 }) { BaseAddress = floor };
        var image = await File.ReadAllBytesAsync(file);
        var (times, began) = (new List<Times>(), Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
        {
            var before = await StatisticsAsync(client, model);
            var request = await SendAsync(client, $"/api/v1/models/{model}/prediction", image);
            var after = await StatisticsAsync(client, model);
            if (after.Count != before.Count + 1)
                throw new InvalidDataException($"The statistics have {after.Count - before.Count} predictions where one was sent.");
            var (decode, run) = (after.Decode - before.Decode, after.Run - before.Run);
            // As the request for statistics before.
            await bare.GetStringAsync("/allocated");
            var busy = await SendAsync(bare, string.Create(CultureInfo.InvariantCulture, $"/busy?milliseconds={decode + run}"), image);
            times.Add(new Times(request, decode, run, busy - decode - run));
        }

        return new
        {
            Requests = times.Count,
            Request = Median(times, time => time.Request),
            Decode = Median(times, time => time.Decode),
            Run = Median(times, time => time.Run),
            Other = Median(times, time => time.Request - time.Decode - time.Run),
            Bare = Median(times, time => time.Bare),
            Ratio = Median(times, time => (time.Request - time.Decode - time.Run) / time.Run),
            AboveBare = Median(times, time => (time.Request - time.Decode - time.Run - time.Bare) / time.Run),
        };
    }

    private static async Task<double> SendAsync(HttpClient client, string path, byte[] image)
    {
        using var content = new ByteArrayContent(image) { Headers = { ContentType = new MediaTypeHeaderValue("image/jpeg") } };
        var sent = Stopwatch.GetTimestamp();
        using var answer = await client.PostAsync(path, content);
        await answer.Content.ReadAsByteArrayAsync();
        var request = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
        answer.EnsureSuccessStatusCode();
        return request;
    }

    private static double Median(List<Times> times, Func<Times, double> value) => times.Select(value).Order().ElementAt(times.Count / 2);

    // Milliseconds. The inputs of an image are its decoding.
    private static async Task<(long Count, double Decode, double Run)> StatisticsAsync(HttpClient client, string model)
    {
        var answer = JsonNode.Parse(await client.GetStringAsync($"/v2/models/{model}/stats"))!;
        if (answer["model_stats"] is not JsonArray { Count: > 0 } models)
            return default;
        var sums = models[0]!["inference_stats"]!;
        return ((long)sums["success"]!["count"]!, (long)sums["compute_input"]!["ns"]! / 1e6, (long)sums["compute_infer"]!["ns"]! / 1e6);
    }

    private sealed record Times(double Request, double Decode, double Run, double Bare);
}
