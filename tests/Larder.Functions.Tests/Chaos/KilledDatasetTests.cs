using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Functions.Tests.Uploads;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;

namespace Larder.Functions.Tests.Chaos;

public sealed class KilledDatasetTests
{
    private const int Datasets = 8;
    private const int Bytes = 12_000_000;
    private static readonly int Kills = LongTests.Choose(brief: 2, full: 6);

    [Fact]
    public async Task Every_completed_data_set_survives_a_host_that_is_killed_again_and_again_and_no_other_gets_a_name()
    {
        await using var azurite = await Azurite.StartAsync();
        var storage = azurite.ConnectionString;
        var random = new Random(11);
        var contents = Enumerable.Range(0, Datasets).Select(_ => Content(random)).ToList();
        var jobs = new Dictionary<int, string>();
        List<JsonNode> uploads;
        await using (var larder = await LarderProcess.StartAsync(storage))
        {
            // The last is never completed.
            uploads = [.. await Task.WhenAll(Enumerable.Range(0, Datasets + 1).Select(i => larder.Client.BeginUploadAsync("killed-sets", Body(i))))];
            for (var i = 0; i < Datasets; i++)
                await UploadClient.PutBlocksAsync((string)uploads[i]["url"]!, contents[i].Chunk(4_000_000));
            await UploadClient.PutBlocksAsync((string)uploads[Datasets]["url"]!, ["x"u8.ToArray()]);
        }

        for (var kill = 0; kill < Kills; kill++)
        {
            await using var larder = await LarderProcess.StartAsync(storage);
            // Each is completed by two hosts, one after the other: the second gets the first one's job.
            var completing = Task.WhenAll(Enumerable.Range(0, 4).Select(i => CompleteAsync(larder, ((kill * 2) + i) % Datasets)));
            // Copying, hashing and storing all of them takes a few seconds.
            await Task.Delay(random.Next(100, 2500));
            await larder.KillAsync();
            await completing;
        }

        await using var survivor = await LarderProcess.StartAsync(storage);
        for (var i = 0; i < Datasets; i++)
        {
            await CompleteAsync(survivor, i);
            var job = await survivor.Client.EndOfAsync(jobs[i], () => survivor.Log);
            Assert.True(("succeeded", $"It is datasets/killed-sets/{i}.bin.") == ((string?)job["state"], (string?)job["reason"]), job.ToString());
            var dataset = (await survivor.Client.GetJsonAsync($"/api/v1/datasets/killed-sets/{i}.bin")).Body["dataset"]!;
            Assert.Equal((UploadClient.Sha256(contents[i]), Bytes, jobs[i]), ((string?)dataset["sha256"], (int)dataset["size_bytes"]!, (string?)dataset["job"]));
        }

        Assert.Equal(Datasets, (await survivor.Client.GetJsonAsync("/api/v1/datasets")).Body["datasets"]!.AsArray().Count);
        Assert.Equal(Datasets, (int)(await survivor.Client.GetJsonAsync("/api/v1/jobs?type=dataset")).Body["total"]!);
        var left = new List<string>();
        await foreach (var blob in BlobClients.Create(storage).GetBlobContainerClient("upload-sessions").GetBlobsAsync())
            left.Add(blob.Name);
        Assert.Equal([(string)uploads[Datasets]["id"]!], left);

        async Task CompleteAsync(LarderProcess larder, int i)
        {
            try
            {
                var answer = await larder.Client.CompleteUploadAsync(uploads[i], $$"""{"sha256": "{{UploadClient.Sha256(contents[i])}}"}""");
                Assert.True(answer.Code == 202, answer.Description);
                var job = (string)answer.Body["job"]!["id"]!;
                lock (jobs)
                    Assert.Equal(job, jobs.TryGetValue(i, out var known) ? known : jobs[i] = job);
            }
            catch (HttpRequestException)
            {
                // Killed before it answered: not acknowledged.
            }
        }
    }

    private static string Body(int i) => $$"""{"kind": "dataset", "file_name": "{{i}}.bin", "size_bytes": {{(i < Datasets ? Bytes : 1)}}}""";

    private static byte[] Content(Random random)
    {
        var content = new byte[Bytes];
        random.NextBytes(content);
        return content;
    }
}
