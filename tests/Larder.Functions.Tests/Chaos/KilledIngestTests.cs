using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Ingestion;
using Larder.Functions.Tests.Training;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Chaos;

public sealed class KilledIngestTests
{
    private const int Count = 50;
    private const int Models = 5;

    private static readonly int Kills = LongTests.Choose(brief: 2, full: 10);

    [Fact]
    public async Task Fifty_drops_survive_a_host_that_is_killed_again_and_again_and_none_comes_twice()
    {
        await using var azurite = await Azurite.StartAsync();
        var storage = azurite.ConnectionString;
        await Drops.CreateContainerAsync(storage);
        for (var i = 0; i < Count; i++)
            await Drops.DropAsync(storage, Path(i), OnnxModel.Linear(classes: 2 + i));
        var random = new Random(7);
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var larder = await LarderProcess.StartAsync(storage, Drops.Often);
            // From finding the blobs to registering them: all fifty take some ten seconds.
            await Task.Delay(random.Next(500, 5000));
            await larder.KillAsync();
        }

        await using var survivor = await LarderProcess.StartAsync(storage, Drops.Often);
        for (var i = 0; i < Count; i++)
        {
            var result = await Drops.ResultAsync(storage, Path(i), () => survivor.Log);
            Assert.True((string?)result["state"] == "succeeded", result.ToString());
            Assert.Equal("succeeded", (string?)(await survivor.Client.EndOfAsync((string)result["job"]!))["state"]);
        }

        Assert.Equal(Count, (int)(await survivor.Client.GetJsonAsync("/api/v1/jobs?type=ingest")).Body["total"]!);
        for (var model = 0; model < Models; model++)
        {
            var versions = (await survivor.Client.GetJsonAsync($"/api/v1/models/killed-{model}")).Body["versions"]!.AsArray();
            Assert.Equal(Enumerable.Range(1, Count / Models), versions.Select(version => (int)version!["version"]!));
            Assert.Equal(Count / Models, versions.Select(version => (string?)version!["sha256"]).Distinct().Count());
            foreach (var version in versions)
            {
                var answer = await survivor.Client.PredictAsync($"killed-{model}:{version!["version"]}", """{"values":[1,2,3,4]}""");
                Assert.Equal(HttpStatusCode.OK, answer.Status);
            }
        }
    }

    private static string Path(int i) => $"killed-{i % Models}/{i}.onnx";
}
