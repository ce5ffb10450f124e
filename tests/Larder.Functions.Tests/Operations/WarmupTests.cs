using System.Globalization;
using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Operations;

/// <summary>Two servers on one store: each version is loaded and run on both before its first prediction, and again after a restart.</summary>
public sealed class WarmupTests
{
    private const string Values = """{"values": [[1, 2, 3, 4]]}""";

    [Fact]
    public async Task The_first_prediction_finds_the_model_loaded_on_every_server_and_after_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("larder-warm-");
        var storage = await Azurite.AccountAsync();
        await using var mover = await LarderProcess.StartAsync(storage);
        await using (var other = await LarderProcess.StartAsync(storage, ("LocalFolder", folder.FullName), ("Cache:SoftTtl", "00:00:00")))
        {
            // An upload that becomes the default.
            await mover.Client.UploadAsync("warm", OnnxModel.Linear(classes: 3));
            Assert.Equal(1, await RunsAsync(mover, 1));
            await mover.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/warm/default", """{"default": 1}""");
            await mover.Client.UploadAsync("warm", OnnxModel.Linear(classes: 5));
            Assert.Equal(0, await RunsAsync(mover, 2));
            await MoveAsync(mover, 1);
            Assert.Equal("1", await PredictAsync(other));

            // The server that moves the alias.
            await MoveAsync(mover, 2);
            Assert.Equal(1, await RunsAsync(mover, 2));
            var loads = await LoadsAsync(mover);
            Assert.Equal("2", await PredictAsync(mover));
            Assert.Equal((loads, 2), (await LoadsAsync(mover), await RunsAsync(mover, 2)));

            // The server that learns of it.
            await Eventually.TrueAsync(async () => await PredictAsync(other) == "2");
            Assert.Equal((2, 2), (await LoadsAsync(other), await RunsAsync(other, 2)));
            Assert.Equal(0, await other.StopAsync());
        }

        await using var restarted = await LarderProcess.StartAsync(storage, ("LocalFolder", folder.FullName));
        await Eventually.TrueAsync(async () => (await restarted.Client.GetAsync("/readyz")).IsSuccessStatusCode);
        Assert.Equal((1, 1), (await LoadsAsync(restarted), await RunsAsync(restarted, 2)));
        Assert.Equal("2", await PredictAsync(restarted));
        Assert.Equal(1, await LoadsAsync(restarted));
    }

    [Fact]
    public async Task A_change_goes_on_when_the_model_cannot_be_loaded_and_when_it_is_off()
    {
        var storage = await Azurite.AccountAsync();
        await using var full = await LarderProcess.StartAsync(storage, ("Limits:LoadedBytes", "1048576"));
        await using var late = await LarderProcess.StartAsync(storage, ("Warmup:Timeout", "00:00:00"));
        await using var off = await LarderProcess.StartAsync(storage, ("Warmup:Enabled", "false"));

        Assert.Equal(HttpStatusCode.Created, (await full.Client.UploadAsync("large", OnnxModel.MatMul(512))).Status);
        Assert.Equal(HttpStatusCode.Created, (await late.Client.UploadAsync("late", OnnxModel.Linear())).Status);
        Assert.Equal(HttpStatusCode.Created, (await off.Client.UploadAsync("warm", OnnxModel.Linear())).Status);

        await Eventually.TrueAsync(() => Task.FromResult(full.Log.Contains("large:1 is not loaded before its first request: there is no room for it beside the models that are used (Limits:LoadedBytes)", StringComparison.Ordinal)));
        await Eventually.TrueAsync(() => Task.FromResult(late.Log.Contains("late:1 was not loaded and run within 00:00:00 (Warmup:Timeout)", StringComparison.Ordinal)));
        Assert.Equal(0, await LoadsAsync(off));
        Assert.Equal("1", await PredictAsync(off));
    }

    private static Task MoveAsync(LarderProcess larder, int version) =>
        larder.Client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/warm/aliases/prod", $$"""{"version": {{version}}}""");

    /// <summary>The version that answered.</summary>
    private static async Task<string> PredictAsync(LarderProcess larder)
    {
        var reference = (await larder.Client.GetJsonAsync("/api/v1/models/warm:prod")).Status == HttpStatusCode.OK ? "warm:prod" : "warm";
        var answer = await larder.Client.PredictAsync(reference, Values);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return Assert.Single(answer.Headers.GetValues("Larder-Model-Version"));
    }

    private static Task<int> RunsAsync(LarderProcess larder, int version) => MetricAsync(larder, $"larder_inference_runs_total{{model=\"warm\",version=\"{version}\"}} ");

    private static Task<int> LoadsAsync(LarderProcess larder) => MetricAsync(larder, "larder_inference_loads_total{} ");

    // 0 before the first.
    private static async Task<int> MetricAsync(LarderProcess larder, string start) =>
        (await larder.Client.GetStringAsync("/metrics")).Split('\n').FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal)) is { } found
            ? int.Parse(found.Split(' ')[1], CultureInfo.InvariantCulture)
            : 0;
}
