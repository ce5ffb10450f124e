using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Scoring;
using Larder.Functions.Tests.Training;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Chaos;

public sealed class KilledScoringTests
{
    private static readonly int Kills = LongTests.Choose(brief: 2, full: 8);
    private const int Rows = 100_000;
    private const string Options = """{"keep":["id"],"by_position":true,"chunk_rows":1000}""";

    [Fact]
    public async Task A_scoring_whose_host_is_killed_again_and_again_leaves_the_bytes_of_one_that_was_not()
    {
        await using var azurite = await Azurite.StartAsync();
        var storage = azurite.ConnectionString;
        var folder = Path.Combine(Path.GetTempPath(), $"larder-killed-scoring-{Guid.NewGuid():N}");
        var dataset = ScoringClient.Rows(Rows);
        var random = new Random(7);
        try
        {
            byte[] expected;
            string id;
            await using (var quiet = await StartAsync())
            {
                Assert.Equal(201, (await quiet.Client.UploadAsync("killed", OnnxModel.Linear())).Code);
                expected = await quiet.Client.ResultOfAsync(await quiet.Client.ScoreToEndAsync("killed", dataset, options: Options));
                id = (string)(await quiet.Client.ScoreAsync("killed", dataset, options: Options)).Body["job"]!["id"]!;
                await quiet.KillAsync();
            }

            var killedWhileRunning = 0;
            for (var kill = 0; kill < Kills; kill++)
            {
                await using var larder = await StartAsync();
                await Task.Delay(random.Next(100, 1500));
                var job = (await larder.Client.GetJsonAsync($"/api/v1/jobs/{id}")).Body["job"]!;
                killedWhileRunning += IsOver(job) ? 0 : 1;
                await larder.KillAsync();
            }

            Assert.True(killedWhileRunning >= 2, "The job was over too soon for this to say anything.");
            await using var survivor = await StartAsync();
            var end = await survivor.Client.EndOfAsync(id, () => survivor.Log);
            Assert.Equal(expected, await survivor.Client.ResultOfAsync(end));
            Assert.Equal(Rows, (int)end["metrics"]!["rows"]!);
            Assert.Equal(0, (int)end["metrics"]!["errors"]!);
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }

        Task<LarderProcess> StartAsync() => LarderProcess.StartAsync(storage, ("LocalFolder", folder));
    }

    private static bool IsOver(JsonNode job) => (string)job["state"]! is not ("queued" or "running");
}
