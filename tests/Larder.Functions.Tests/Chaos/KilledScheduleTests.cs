using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Schedules;
using Larder.Functions.Tests.Training;
using Larder.Registry.Audit;
using Larder.Registry.Schedules;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Functions.Tests.Chaos;

public sealed class KilledScheduleTests
{
    private const int Schedules = 4;
    private static readonly int Kills = LongTests.Choose(brief: 4, full: 8);

    [Fact]
    public async Task An_occurrence_whose_host_is_killed_again_and_again_runs_exactly_once()
    {
        await using var azurite = await Azurite.StartAsync();
        var storage = azurite.ConnectionString;
        var documents = await TestStore.OpenAsync(storage);
        var store = new ScheduleStore(documents, new AuditLog(documents, NullLogger<AuditLog>.Instance));
        var folder = Path.Combine(Path.GetTempPath(), $"larder-killed-{Guid.NewGuid():N}");
        var random = new Random(41);
        try
        {
            var ids = await PrepareAsync(storage, folder);
            for (var kill = 0; kill < Kills; kill++)
            {
                if (kill < ids.Count)
                    await BecomeDueAsync(store, ids[kill]);
                await using var larder = await StartAsync(storage, folder);
                // The timer fires every ten seconds; what it starts takes a few more.
                await Task.Delay(random.Next(0, 12_000));
                await larder.KillAsync();
            }

            await using var survivor = await StartAsync(storage, folder);
            await AssertEachRanOnceAsync(survivor, ids);
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Two_hosts_on_one_storage_run_an_occurrence_once()
    {
        await using var azurite = await Azurite.StartAsync();
        var storage = azurite.ConnectionString;
        var documents = await TestStore.OpenAsync(storage);
        var store = new ScheduleStore(documents, new AuditLog(documents, NullLogger<AuditLog>.Instance));
        var folders = Enumerable.Range(0, 2).Select(_ => Path.Combine(Path.GetTempPath(), $"larder-two-{Guid.NewGuid():N}")).ToList();
        try
        {
            var ids = await PrepareAsync(storage, folders[0]);
            await using var one = await StartAsync(storage, folders[0]);
            await using var other = await StartAsync(storage, folders[1]);
            foreach (var id in ids)
                await BecomeDueAsync(store, id);

            await AssertEachRanOnceAsync(one, ids);
        }
        finally
        {
            foreach (var folder in folders.Where(Directory.Exists))
                Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<LarderProcess> StartAsync(string storage, string folder) =>
        LarderProcess.StartAsync(storage, ("LocalFolder", folder));

    private static async Task<IReadOnlyList<string>> PrepareAsync(string storage, string folder)
    {
        await using var larder = await StartAsync(storage, folder);
        var ids = new List<string>();
        for (var i = 0; i < Schedules; i++)
        {
            var trained = await larder.Client.TrainToEndAsync($"due-{i}", TrainingClient.Copy);
            Assert.True((string)trained["state"]! == "succeeded", trained.ToString());
            ids.Add(await larder.Client.ScheduleTrainingAsync($"due-{i}"));
        }

        await larder.StopAsync();
        return ids;
    }

    // As if no server had been there since before the new year.
    private static Task BecomeDueAsync(ScheduleStore store, string id)
    {
        var newYear = new DateTimeOffset(DateTimeOffset.UtcNow.Year, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return store.ChangeAsync(id, read => Task.FromResult(read with { Progress = read.Progress with { NextRun = newYear } }));
    }

    private static async Task AssertEachRanOnceAsync(LarderProcess larder, IReadOnlyList<string> ids)
    {
        for (var i = 0; i < ids.Count; i++)
        {
            var run = await larder.Client.EndOfRunAsync(ids[i], () => larder.Log);
            Assert.True((string)run["state"]! == "succeeded", run.ToString());
            Assert.Equal(2, (int)run["version"]!);
            Assert.Single(await larder.Client.RunsAsync(ids[i]));
            Assert.Equal(1, (int)(await larder.Client.GetJsonAsync($"/api/v1/jobs?schedule={ids[i]}")).Body["total"]!);
            var versions = (await larder.Client.GetJsonAsync($"/api/v1/models/due-{i}")).Body["versions"]!.AsArray();
            Assert.Equal([1, 2], versions.Select(version => (int)version!["version"]!).Order());
        }
    }
}
