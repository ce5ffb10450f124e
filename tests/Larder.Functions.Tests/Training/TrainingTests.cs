using System.Net;
using Larder.Functions.Tests.Hosting;

namespace Larder.Functions.Tests.Training;

[Collection(nameof(SharedLarder))]
public sealed class TrainingTests(LarderFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_script_becomes_a_version_that_predicts()
    {
        var samples = Path.Combine(AppContext.BaseDirectory, "samples", "iris");
        var script = await File.ReadAllTextAsync(Path.Combine(samples, "train.py"));
        var answer = await _client.TrainAsync("trained-iris", script, await File.ReadAllBytesAsync(Path.Combine(samples, "iris.csv")), datasetName: "iris.csv");
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        var id = (string)answer.Body["job"]!["id"]!;
        Assert.Equal($"/api/v1/jobs/{id}", answer.Headers.Location!.ToString());

        var job = await _client.EndOfAsync(id, () => larder.Log);
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        Assert.Equal(1, (int)job["version"]!);
        Assert.Equal(0, (int)job["exit_code"]!);
        Assert.InRange((double)job["metrics"]!["accuracy"]!, 0.9, 1);
        Assert.Equal(["stage", "start", "run", "collect", "find", "validate", "register", "clean_up"], job["steps"]!.AsArray().Select(step => (string)step!["name"]!));
        Assert.All(job["steps"]!.AsArray(), step => Assert.NotNull(step!["finished"]));

        var version = (await _client.GetJsonAsync("/api/v1/models/trained-iris:1")).Body["version"]!;
        Assert.Equal(id, (string)version["job"]!);
        Assert.InRange((double)version["metrics"]!["accuracy"]!, 0.9, 1);
        var prediction = await _client.PredictAsync("trained-iris", """{"values":[5.1,3.5,1.4,0.2]}""");
        Assert.Equal(HttpStatusCode.OK, prediction.Status);
    }
}
