using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Chaos;

public sealed class KilledTrainingTests
{
    private static readonly int Kills = LongTests.Choose(brief: 4, full: 20);
    private const int Lines = 400;

    /// <summary>Prints while it runs, then leaves the model that came as its data set.</summary>
    private const string Script = TrainingClient.Copy + """

        import time
        for i in range(400):
            print("line", i)
            time.sleep(0.01)
        """;

    [Fact]
    public async Task A_training_whose_host_is_killed_again_and_again_ends_once_with_one_version_and_every_line()
    {
        await using var azurite = await Azurite.StartAsync();
        var storage = azurite.ConnectionString;
        var folder = Path.Combine(Path.GetTempPath(), $"larder-killed-{Guid.NewGuid():N}");
        var random = new Random(3);
        var jobs = new List<string>();
        try
        {
            for (var kill = 0; kill < Kills; kill++)
            {
                await using var larder = await StartAsync();
                if (await SubmitAsync(larder, kill) is { } job)
                    jobs.Add(job);
                // From accepting over running to registering: all of a training takes about six seconds.
                await Task.Delay(random.Next(0, 3000));
                await larder.KillAsync();
            }

            await using var survivor = await StartAsync();
            Assert.NotEmpty(jobs);
            foreach (var id in jobs)
            {
                var job = await survivor.Client.EndOfAsync(id, () => survivor.Log);
                Assert.True((string)job["state"]! == "succeeded", job.ToString());
                var versions = (await survivor.Client.GetJsonAsync($"/api/v1/models/{job["model"]}")).Body["versions"]!.AsArray();
                Assert.Equal([(int)job["version"]!], versions.Select(version => (int)version!["version"]!));
                var log = await survivor.Client.GetJsonAsync($"/api/v1/jobs/{id}/logs?limit=1000");
                Assert.Equal(
                    Enumerable.Range(0, Lines).Select(i => $"line {i}").Prepend("done"),
                    log.Body["lines"]!.AsArray().Where(line => (string)line!["s"]! == "out").Select(line => (string)line!["m"]!));
            }
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }

        Task<LarderProcess> StartAsync() => LarderProcess.StartAsync(storage, ("LocalFolder", folder));
    }

    [Fact]
    public async Task Twenty_trainings_at_once_all_end_each_with_its_own_version()
    {
        await using var larder = await LarderProcess.StartAsync(await Azurite.AccountAsync());
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            larder.Client.TrainAsync($"many-{i % 4}", TrainingClient.Copy, OnnxModel.Linear(classes: 2 + i), "{\"tags\": {\"number\": \"" + i + "\"}}")));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer.Status));
        var made = new HashSet<string>();
        for (var i = 0; i < answers.Length; i++)
        {
            var job = await larder.Client.EndOfAsync((string)answers[i].Body["job"]!["id"]!, () => larder.Log);
            Assert.True((string)job["state"]! == "succeeded", job.ToString());
            var reference = $"{job["model"]}:{job["version"]}";
            Assert.True(made.Add(reference), $"{reference} was made twice.");
            var version = (await larder.Client.GetJsonAsync($"/api/v1/models/{reference}")).Body["version"]!;
            Assert.Equal(i.ToString(System.Globalization.CultureInfo.InvariantCulture), (string)version["tags"]!["number"]!);
            Assert.Equal((string)job["id"]!, (string)version["job"]!);
        }
    }

    private static async Task<string?> SubmitAsync(LarderProcess larder, int number)
    {
        if (number % 5 != 0)
            return null;
        var answer = await larder.Client.TrainAsync($"killed-{number}", Script);
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        return (string)answer.Body["job"]!["id"]!;
    }
}
