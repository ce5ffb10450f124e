using System.Text.Json;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Jobs;

[Collection(AzuriteCollection.Name)]
public sealed class JobStoreTests : IDisposable
{
    private readonly Shop _shop;
    private readonly JobStore _jobs;

    public JobStoreTests(Azurite azurite)
    {
        _shop = new Shop(azurite.NewAccount());
        _jobs = _shop.Jobs;
    }

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task A_job_comes_back_as_it_was_stored()
    {
        var job = Sample.Job() with
        {
            Options = JsonSerializer.SerializeToElement(new { timeout = 5, environment = new { TOKEN = "***" } }),
            Inputs = [new JobInput("script", "träin.py", new string('a', 64), 12)],
            Outputs = [new JobOutput("sub/iris.onnx", 3, new string('b', 64), "0x1")],
            Steps = [new JobStep("stage", 1, DateTimeOffset.UnixEpoch)],
            Attempts = [new JobAttempt(1, DateTimeOffset.UnixEpoch, ExitCode: 3)],
            Metrics = new Dictionary<string, double> { ["accuracy"] = 0.9 },
            Gate = new JobGate(true, "accuracy", 0.9, 0.5, null, null, null, "It passes."),
            Owner = "ada",
        };

        await _jobs.CreateAsync(job);
        var read = await _jobs.GetAsync(job.Id);

        Assert.Equal(JsonSerializer.Serialize(job), JsonSerializer.Serialize(read));
        Assert.Equal(JsonValueKind.Object, (await _jobs.CreateAsync(Sample.Job())).Options.ValueKind);
    }

    [Fact]
    public async Task A_taken_id_is_refused_and_the_job_of_it_stays()
    {
        var job = await _jobs.CreateAsync(Sample.Job());

        await Assert.ThrowsAsync<DocumentExistsException>(() => _jobs.CreateAsync(job with { Model = "other" }));

        Assert.Equal("iris", (await _jobs.GetAsync(job.Id)).Model);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../models/x")]
    [InlineData("0000000000000000")]
    [InlineData("UPPERCASEUPPERCA")]
    public async Task What_is_no_id_or_nobodys_is_not_found(string id)
    {
        await Assert.ThrowsAsync<NotFoundException>(() => _jobs.GetAsync(id));
        await Assert.ThrowsAsync<NotFoundException>(() => _jobs.UpdateAsync(id, job => job with { Reason = "x" }));
        await Assert.ThrowsAsync<NotFoundException>(() => _jobs.DeleteAsync(id));
    }

    [Fact]
    public async Task Concurrent_changes_are_all_kept()
    {
        var job = await _jobs.CreateAsync(Sample.Job());

        await Task.WhenAll(Enumerable.Range(1, 12).Select(i =>
            _jobs.UpdateAsync(job.Id, read => read with { Steps = [.. read.Steps, new JobStep($"{i}", i, DateTimeOffset.UnixEpoch)] })));

        var steps = (await _jobs.GetAsync(job.Id)).Steps.Select(step => step.Attempt);
        Assert.Equal(Enumerable.Range(1, 12), steps.Order());
    }

    [Fact]
    public async Task A_final_state_never_changes_and_no_state_goes_back()
    {
        var job = await _jobs.CreateAsync(Sample.Job());
        await _jobs.UpdateAsync(job.Id, read => read with { State = JobState.Running });

        var back = await _jobs.UpdateAsync(job.Id, read => read with { State = JobState.Queued, Reason = "kept" });
        Assert.Equal((JobState.Running, "kept"), (back.State, back.Reason));

        await _jobs.UpdateAsync(job.Id, read => read with { State = JobState.Canceled });
        var late = await _jobs.UpdateAsync(job.Id, read => read with { State = JobState.Succeeded, Reason = "late" });
        Assert.Equal((JobState.Canceled, "kept"), (late.State, late.Reason));
        Assert.Equal(JobState.Canceled, (await _jobs.GetAsync(job.Id)).State);
    }

    [Fact]
    public async Task A_list_has_the_newest_first_and_counts_what_fits()
    {
        for (var i = 0; i < 10; i++)
            await _jobs.CreateAsync(Sample.Job(i, i % 2 == 0 ? JobState.Queued : JobState.Failed, i < 5 ? "iris" : "rose", $"owner-{i}"));

        var first = await _jobs.ListAsync(new JobFilter(), 4);
        var second = await _jobs.ListAsync(new JobFilter(), 4, first.Cursor);
        var third = await _jobs.ListAsync(new JobFilter(), 4, second.Cursor);

        string?[] owners = [.. first.Items.Concat(second.Items).Concat(third.Items).Select(job => job.Owner)];
        Assert.Equal(Enumerable.Range(0, 10).Reverse().Select(i => $"owner-{i}"), owners);
        Assert.Equal((10, 10, 10, 2), (first.Total, second.Total, third.Total, third.Items.Count));
        Assert.Null(third.Cursor);

        Assert.Equal(5, await CountAsync(new JobFilter { States = [JobState.Failed] }));
        Assert.Equal(10, await CountAsync(new JobFilter { States = [JobState.Failed, JobState.Queued] }));
        Assert.Equal(5, await CountAsync(new JobFilter { Model = ModelName.Parse("rose") }));
        Assert.Equal(2, await CountAsync(new JobFilter { Model = ModelName.Parse("rose"), States = [JobState.Queued] }));
        Assert.Equal(0, await CountAsync(new JobFilter { Types = ["score"] }));
        Assert.Equal(1, await CountAsync(new JobFilter { Text = "OWNER-3" }));
        var noon = first.Items[^1].Created;
        Assert.Equal(4, await CountAsync(new JobFilter { From = noon }));
        Assert.Equal(6, await CountAsync(new JobFilter { To = noon }));
    }

    [Fact]
    public async Task Pages_stay_as_they_are_while_jobs_come()
    {
        for (var i = 0; i < 6; i++)
            await _jobs.CreateAsync(Sample.Job(i, owner: $"{i}"));
        var first = await _jobs.ListAsync(new JobFilter(), 3);
        for (var i = 6; i < 9; i++)
            await _jobs.CreateAsync(Sample.Job(i, owner: $"{i}"));

        var second = await _jobs.ListAsync(new JobFilter(), 3, first.Cursor);

        Assert.Equal(["5", "4", "3", "2", "1", "0"], first.Items.Concat(second.Items).Select(job => job.Owner));
        Assert.Equal(9, second.Total);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("!!!")]
    [InlineData("am9iOi4uLy4u")]
    public async Task A_cursor_that_no_page_gave_is_refused(string cursor)
    {
        await Assert.ThrowsAsync<InvalidRequestException>(() => _jobs.ListAsync(new JobFilter(), 3, cursor));
        await Assert.ThrowsAsync<InvalidRequestException>(() => _jobs.ListAsync(new JobFilter(), 0));
    }

    [Fact]
    public async Task Only_a_job_that_is_over_can_be_deleted()
    {
        var job = await _jobs.CreateAsync(Sample.Job());
        await Assert.ThrowsAsync<ConflictException>(() => _jobs.DeleteAsync(job.Id));

        await _jobs.UpdateAsync(job.Id, read => read with { State = JobState.Failed });
        await _jobs.DeleteAsync(job.Id);

        await Assert.ThrowsAsync<NotFoundException>(() => _jobs.GetAsync(job.Id));
        Assert.Equal(0, await CountAsync(new JobFilter()));
    }

    private async Task<int> CountAsync(JobFilter filter)
    {
        var page = await _jobs.ListAsync(filter, 1000);
        Assert.Equal(page.Total, page.Items.Count);
        return page.Total;
    }

    [Fact]
    public async Task Scanning_the_recent_jobs_ends_at_the_first_that_is_older()
    {
        var noon = DateTimeOffset.UnixEpoch.AddYears(50);
        var ids = new[] { -60, -1, 0, 1, 60 }.Select(minutes => JobId.Create(noon.AddMinutes(minutes))).ToList();
        foreach (var id in ids)
            await _jobs.CreateAsync(Sample.Job() with { Id = id });

        Assert.Equal([ids[4], ids[3], ids[2]], await IdsAsync(noon));
        Assert.Equal(Enumerable.Reverse(ids), await IdsAsync(null));

        async Task<IReadOnlyList<string>> IdsAsync(DateTimeOffset? since) => [.. (await _jobs.ScanAsync(since).ToListAsync()).Select(job => job.Id)];
    }
}
