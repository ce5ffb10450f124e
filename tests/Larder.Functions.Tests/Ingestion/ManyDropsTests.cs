using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Ingestion;

public sealed class ManyDropsTests
{
    private const long MostMemory = 1L << 30;

    private static readonly int Count = LongTests.Choose(brief: 30, full: 1000);

    [Fact]
    public async Task Many_drops_at_once_are_all_taken_in_while_the_server_answers_predictions()
    {
        await using var azurite = await Azurite.StartAsync();
        await Drops.CreateContainerAsync(azurite.ConnectionString);
        await using var larder = await LarderProcess.StartAsync(azurite.ConnectionString, Drops.Often);
        Assert.Equal(HttpStatusCode.Created, (await larder.Client.UploadAsync("served", OnnxModel.Linear())).Status);

        // A megabyte each, all different.
        var model = OnnxModel.MatMul();
        await Parallel.ForAsync(0, Count, async (i, _) =>
            await Drops.DropAsync(azurite.ConnectionString, $"many-{i % 10}/{i}.onnx", [.. model, .. Comment(i)]));

        using var done = new CancellationTokenSource();
        var predicting = PredictAsync(larder, done.Token);
        for (var i = 0; i < Count; i++)
        {
            var result = await Drops.ResultAsync(azurite.ConnectionString, $"many-{i % 10}/{i}.onnx", () => larder.Log);
            Assert.True((string?)result["state"] == "succeeded", result.ToString());
        }

        await done.CancelAsync();
        Assert.True(await predicting > 0);
        for (var i = 0; i < 10; i++)
        {
            var versions = (await larder.Client.GetJsonAsync($"/api/v1/models/many-{i}")).Body["versions"]!.AsArray();
            Assert.Equal(Count / 10, versions.Count);
            Assert.Equal(Count / 10, versions.Select(version => (string?)version!["source"]).Distinct().Count());
        }

        Assert.InRange(PeakMemory(larder.Id), 0, MostMemory);
    }

    /// <summary>Predicts one after the other; each must be answered.</summary>
    private static async Task<int> PredictAsync(LarderProcess larder, CancellationToken done)
    {
        var answered = 0;
        while (!done.IsCancellationRequested)
        {
            var answer = await larder.Client.PredictAsync("served", """{"values":[1,2,3,4]}""");
            Assert.True(answer.Status == HttpStatusCode.OK, answer.Body.ToString());
            answered++;
        }

        return answered;
    }

    /// <summary>A protobuf field that readers skip: <c>doc_string</c> of the model (6), last one wins.</summary>
    private static byte[] Comment(int i)
    {
        var text = System.Text.Encoding.UTF8.GetBytes($"{i:D6}");
        return [(6 << 3) | 2, (byte)text.Length, .. text];
    }

    private static long PeakMemory(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }
}
