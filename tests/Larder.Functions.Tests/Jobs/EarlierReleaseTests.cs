using Azure.Data.Tables;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Testing;

namespace Larder.Functions.Tests.Jobs;

/// <summary>
/// Data that a release with another engine for orchestrations has left behind: the folder of its Azurite, from when its host was killed in the middle of a
/// training.
/// </summary>
public sealed class EarlierReleaseTests
{
    private const string Job = "zybqcgq3480s6emm";

    [Fact]
    public async Task A_training_that_an_earlier_release_left_running_is_started_again_and_succeeds_and_its_history_goes()
    {
        await using var azurite = await Azurite.StartAsync(onDisk: true);
        await azurite.StopAsync();
        Directory.Delete(azurite.Folder, recursive: true);
        Copy(Path.Combine(AppContext.BaseDirectory, "Jobs", "RunningJobOfEarlierRelease"), azurite.Folder);
        await azurite.InitializeAsync();

        // The janitor looks once a minute.
        await using var larder = await LarderProcess.StartAsync(azurite.ConnectionString);
        var job = await larder.Client.EndOfAsync(Job, () => larder.Log);

        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        var versions = (await larder.Client.GetJsonAsync($"/api/v1/models/{job["model"]}")).Body["versions"]!.AsArray();
        Assert.Equal([(int)job["version"]!], versions.Select(version => (int)version!["version"]!));
        Assert.Contains($"The job {Job} was accepted, but not started; it is started now.", larder.Log);

        var history = new TableClient(azurite.ConnectionString, "LarderHistory");
        await Eventually.TrueAsync(async () =>
        {
            await using var events = history.QueryAsync<TableEntity>(entity => entity.PartitionKey == Job).GetAsyncEnumerator();
            return !await events.MoveNextAsync();
        });
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.EnumerateDirectories(from))
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }
}
