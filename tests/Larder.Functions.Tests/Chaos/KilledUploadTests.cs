using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Chaos;

public sealed class KilledUploadTests
{
    private const int Uploads = 30;

    [Fact]
    public async Task Every_acknowledged_upload_survives_SIGKILL_and_nothing_half_made_is_listed()
    {
        await using var azurite = await Azurite.StartAsync();
        var storage = azurite.ConnectionString;
        var random = new Random(20);
        var acknowledged = new List<(string Name, int Version, string Sha256)>();
        var kills = 0;

        for (var next = 0; next < Uploads;)
        {
            await using var larder = await LarderProcess.StartAsync(storage);
            // Several uploads are in progress when the process is killed; the first of a fresh process also starts its validator.
            var batch = Enumerable.Range(next, Math.Min(6, Uploads - next)).Select(i => UploadAsync(larder, $"m{i % 4}", OnnxModel.Linear(classes: 2 + i))).ToList();
            next += batch.Count;
            // By the clock in every other round; in the rest after some uploads have ended, so that some are acknowledged on a slow machine too.
            var killed = kills % 2 == 0
                ? KillAfterAsync(larder, [], TimeSpan.FromMilliseconds(random.Next(0, 1500)))
                : KillAfterAsync(larder, batch[..random.Next(1, 4)], TimeSpan.FromMilliseconds(random.Next(0, 100)));
            foreach (var upload in batch)
            {
                if (await upload is { } made)
                    acknowledged.Add(made);
            }
            await killed;
            kills++;
        }

        await using var survivor = await LarderProcess.StartAsync(storage);
        Assert.Equal(5, kills);
        // Without it the checks below would pass when no upload was ever acknowledged.
        Assert.NotEmpty(acknowledged);
        foreach (var (name, version, sha256) in acknowledged)
        {
            var answer = await survivor.Client.PredictAsync($"{name}:{version}", """{"values":[1,2,3,4]}""");
            Assert.True(answer.Status == HttpStatusCode.OK, $"{name}:{version} was acknowledged: {answer.Body}");
            Assert.Equal(sha256, (string)(await survivor.Client.GetJsonAsync($"/api/v1/models/{name}:{version}")).Body["version"]!["sha256"]!);
        }
        foreach (var name in (await survivor.Client.GetJsonAsync("/api/v1/models")).Body["model_list"]!.AsArray())
        {
            var versions = (await survivor.Client.GetJsonAsync($"/api/v1/models/{name}")).Body["versions"]!.AsArray();
            // Consecutive from 1: a crash leaves no gap and no half-made version.
            Assert.Equal(Enumerable.Range(1, versions.Count), versions.Select(v => (int)v!["version"]!));
            foreach (var version in versions)
                Assert.Equal(HttpStatusCode.OK, (await survivor.Client.PredictAsync($"{name}:{version!["version"]}", """{"values":[1,2,3,4]}""")).Status);
        }
    }

    private static async Task KillAfterAsync(LarderProcess larder, IEnumerable<Task> uploads, TimeSpan delay)
    {
        await Task.WhenAll(uploads);
        await Task.Delay(delay);
        await larder.KillAsync();
    }

    private static async Task<(string, int, string)?> UploadAsync(LarderProcess larder, string name, byte[] model)
    {
        try
        {
            var answer = await larder.Client.UploadAsync(name, model);
            Assert.Equal(HttpStatusCode.Created, answer.Status);
            JsonNode version = answer.Body["version"]!;
            return (name, (int)version["version"]!, (string)version["sha256"]!);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException)
        {
            return null;
        }
    }
}
