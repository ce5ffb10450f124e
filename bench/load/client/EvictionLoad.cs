using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Larder.Testing.Load;
using Larder.Testing.Onnx;

namespace Larder.Bench.Client;

/// <summary>Predictions of very many models of 1 MiB, some often and most seldom (Zipf), on a server with memory for some of them; beside it an ideal LRU cache with the same requests.</summary>
internal static partial class EvictionLoad
{
    private const int Width = 512;
    private const int Callers = 4;

    private static readonly byte[] Body = Encoding.UTF8.GetBytes($$"""{"values":[[{{string.Join(',', Enumerable.Repeat("0.5", Width))}}]]}""");

    /// <summary>Bytes of each model's file.</summary>
    private static int FileBytes => Model(0).Length;

    public static async Task<object> UploadAsync(Uri address, int models)
    {
        using var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
        await Parallel.ForAsync(0, models, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (i, cancellationToken) =>
        {
            using var form = new MultipartFormDataContent { { new ByteArrayContent(Model(i)), "path", "model.onnx" } };
            using var answer = await client.PutAsync($"/api/v1/models/many-{i}", form, cancellationToken);
            answer.EnsureSuccessStatusCode();
        });
        return new { FileBytes };
    }

    public static async Task<object> RunAsync(Uri address, int processId, int models, int fitting, int requests)
    {
        using var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        // The idle server has served one model, so that its code is compiled and its own memory is there.
        for (var i = 0; i < 2_000; i++)
            await PredictAsync(client, 0);
        var idle = ProcessSample.Of(processId, 0);

        // Half as many requests before those that count fill both caches.
        var (random, shares) = (new Random(14), Shares(models));
        var all = Enumerable.Range(0, requests * 3 / 2).Select(_ => Pick(shares, random.NextDouble())).ToList();
        using var ending = new CancellationTokenSource();
        var sampling = ProcessSample.EachSecondAsync(processId, ending.Token);
        await SendAsync(client, all[..(requests / 2)]);
        var before = await LoadsAsync(client);
        var failed = await SendAsync(client, all[(requests / 2)..]);
        var loads = await LoadsAsync(client) - before;
        await ending.CancelAsync();
        var samples = await sampling;

        return new
        {
            Requests = requests,
            Failed = failed,
            HitRate = 1 - (double)loads / requests,
            IdealHitRate = IdealHitRate(all, fitting, requests / 2),
            IdleBytes = idle.ResidentBytes,
            MostBytes = samples.Max(sample => sample.ResidentBytes),
            Samples = samples,
        };
    }

    private static byte[] Model(int number)
    {
        // The content differs, so no two models share an artifact.
        var model = OnnxModel.MatMul(Width);
        return [.. model, .. new Proto().Message(14, Proto.Entry("number", number.ToString(CultureInfo.InvariantCulture))).ToBytes()];
    }

    // The share of model i is in proportion to 1 / (i + 1).
    private static double[] Shares(int models)
    {
        var sum = 0.0;
        var cumulated = Enumerable.Range(1, models).Select(rank => sum += 1.0 / rank).ToArray();
        return [.. cumulated.Select(share => share / sum)];
    }

    private static int Pick(double[] shares, double at)
    {
        var found = Array.BinarySearch(shares, at);
        return Math.Min(shares.Length - 1, found < 0 ? ~found : found);
    }

    private static double IdealHitRate(IReadOnlyList<int> requests, int fitting, int uncounted)
    {
        var (cache, hits) = (new LinkedList<int>(), 0);
        for (var i = 0; i < requests.Count; i++)
        {
            if (cache.Remove(requests[i]))
                hits += i >= uncounted ? 1 : 0;
            else if (cache.Count == fitting)
                cache.RemoveLast();
            cache.AddFirst(requests[i]);
        }

        return (double)hits / (requests.Count - uncounted);
    }

    private static async Task<int> SendAsync(HttpClient client, List<int> requests)
    {
        var failed = 0;
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (model, _) =>
        {
            if (!await PredictAsync(client, model))
                Interlocked.Increment(ref failed);
        });
        return failed;
    }

    private static async Task<bool> PredictAsync(HttpClient client, int model)
    {
        using var content = new ByteArrayContent(Body) { Headers = { ContentType = new("application/json") } };
        using var answer = await client.PostAsync($"/api/v1/models/many-{model}/prediction", content);
        await answer.Content.ReadAsByteArrayAsync();
        return answer.IsSuccessStatusCode;
    }

    private static async Task<long> LoadsAsync(HttpClient client) =>
        Loads().Matches(await client.GetStringAsync("/metrics")).Sum(match => long.Parse(match.Groups["loads"].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^larder_inference_loads_total(\{[^}]*\})? (?<loads>\d+)", RegexOptions.Multiline)]
    private static partial Regex Loads();
}
