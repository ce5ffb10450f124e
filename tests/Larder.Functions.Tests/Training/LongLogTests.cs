using Larder.Functions.Tests.Jobs;

namespace Larder.Functions.Tests.Training;

[Collection(nameof(SharedTraining))]
public sealed class LongLogTests(TrainingFixture larder)
{
    private const int Count = 200_000;

    [Fact]
    public async Task Two_hundred_thousand_lines_arrive_in_pages_and_live_each_once_and_in_order()
    {
        var id = await larder.SubmitAsync("talkative", $"for i in range({Count}):\n    print('line', i)\n{TrainingClient.Copy}");
        await using var listener = await LogListener.StartAsync(larder.Client, id);
        var live = await listener.RestAsync();

        var job = await larder.EndAsync(id);
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        var expected = Enumerable.Range(0, Count).Select(i => $"line {i}").Append("done").ToList();
        Assert.Equal(expected.Select(line => $"out {line}"), await larder.LinesAsync(id));
        Assert.Equal(expected.Select((line, i) => $"{i + 1} {line}").Append("end succeeded"), live);
        await using var later = await LogListener.StartAsync(larder.Client, id, lastEventId: $"{Count - 2}");
        Assert.Equal([.. live.Skip(Count - 2)], await later.RestAsync());
    }
}

[Collection(nameof(SharedNarrow))]
public sealed class FullLogTests(NarrowFixture larder)
{
    [Fact]
    public async Task A_log_that_is_full_says_so_in_its_last_line_and_the_training_goes_on()
    {
        var id = await larder.SubmitAsync("too-talkative", $"for i in range(20000):\n    print('line', i)\n{TrainingClient.Copy}");
        await using var listener = await LogListener.StartAsync(larder.Client, id);
        var live = await listener.RestAsync();

        var job = await larder.EndAsync(id);
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        var lines = await larder.LinesAsync(id, limit: 700);
        Assert.InRange(lines.Count, 1000, 10_000);
        Assert.Equal(Enumerable.Range(0, lines.Count - 1).Select(i => $"out line {i}"), lines.SkipLast(1));
        Assert.Equal("sys The log is full: what follows is left out.", lines[^1]);
        Assert.Equal(lines.Count + 1, live.Count);
        var size = (await larder.Storage.GetBlobContainerClient($"job-{id}").GetBlobClient("attempt-1/log.jsonl").GetPropertiesAsync()).Value.ContentLength;
        Assert.InRange(size, 150_000, 200_000);
    }
}
