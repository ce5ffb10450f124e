using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Storage;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Jobs;

[Collection(AzuriteCollection.Name)]
public sealed class JobKeyTests(Azurite azurite) : IDisposable
{
    private const int MostCalls = 20;

    private readonly Shop _shop = new(azurite.NewAccount());

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task The_same_request_again_is_the_same_job()
    {
        var (first, isNew) = await _shop.Jobs.CreateOnceAsync("käy 1", "inputs", Sample.Job());
        var (again, isNewAgain) = await _shop.Jobs.CreateOnceAsync("käy 1", "inputs", Sample.Job());
        var (other, _) = await _shop.Jobs.CreateOnceAsync("key 2", "inputs", Sample.Job());

        Assert.True(isNew);
        Assert.False(isNewAgain);
        Assert.Equal(first.Id, again.Id);
        Assert.NotEqual(first.Id, other.Id);
        Assert.Equal(2, (await _shop.Jobs.ListAsync(new JobFilter(), 10)).Total);
    }

    [Fact]
    public async Task Another_request_under_a_used_key_is_refused()
    {
        await _shop.Jobs.CreateOnceAsync("key", "inputs", Sample.Job());

        await Assert.ThrowsAsync<ConflictException>(() => _shop.Jobs.CreateOnceAsync("key", "other inputs", Sample.Job()));

        Assert.Equal(1, (await _shop.Jobs.ListAsync(new JobFilter(), 10)).Total);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    public async Task What_is_no_key_is_refused(string key)
    {
        await Assert.ThrowsAsync<InvalidRequestException>(() => _shop.Jobs.CreateOnceAsync(key, "inputs", Sample.Job()));
        await Assert.ThrowsAsync<InvalidRequestException>(() => _shop.Jobs.CreateOnceAsync(new string('k', 256), "inputs", Sample.Job()));
        Assert.True((await _shop.Jobs.CreateOnceAsync(new string('k', 255), "inputs", Sample.Job())).IsNew);
    }

    [Fact]
    public async Task Many_at_once_get_one_job_and_one_of_them_is_told_that_it_is_new()
    {
        using var two = new Shop(_shop.Account);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            (i % 2 == 0 ? _shop : two).Jobs.CreateOnceAsync("key", "inputs", Sample.Job(i))));

        Assert.Single(answers.Select(answer => answer.Job.Id).Distinct());
        Assert.Single(answers, answer => answer.IsNew);
        Assert.Equal(answers[0].Job.Id, Assert.Single((await _shop.Jobs.ListAsync(new JobFilter(), 10)).Items).Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_host_that_dies_at_any_call_leaves_one_job_to_whoever_comes_again(bool afterwards)
    {
        for (var call = 1; call <= MostCalls; call++)
        {
            using var host = new Shop(azurite.NewAccount());
            var life = new CrashPoint(call, afterwards);
            var dying = new JobStore(new CrashingDocumentStore(host.Documents, life), TimeProvider.System);
            var crash = await Record.ExceptionAsync(() => dying.CreateOnceAsync("key", "inputs", Sample.Job()));
            Assert.Equal(life.IsCrashed, crash is CrashPoint.DeadException);

            var (job, _) = await host.Jobs.CreateOnceAsync("key", "inputs", Sample.Job());
            var (again, isNew) = await host.Jobs.CreateOnceAsync("key", "inputs", Sample.Job());

            Assert.Equal((job.Id, false), (again.Id, isNew));
            Assert.Equal(job.Id, Assert.Single((await host.Jobs.ListAsync(new JobFilter(), 10)).Items).Id);
            if (!life.IsCrashed)
                return;
        }

        Assert.Fail($"Creating a job makes more than {MostCalls} storage calls.");
    }

    [Fact]
    public async Task A_key_is_free_again_when_its_job_is_deleted()
    {
        var (first, _) = await _shop.Jobs.CreateOnceAsync("key", "inputs", Sample.Job());
        await _shop.Jobs.UpdateAsync(first.Id, job => job with { State = JobState.Failed });
        await _shop.Jobs.DeleteAsync(first.Id);

        var (second, isNew) = await _shop.Jobs.CreateOnceAsync("key", "other inputs", Sample.Job());

        Assert.True(isNew);
        Assert.NotEqual(first.Id, second.Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deletion_that_dies_at_any_call_never_brings_the_job_back(bool afterwards)
    {
        for (var call = 1; call <= MostCalls; call++)
        {
            using var host = new Shop(azurite.NewAccount());
            var (first, _) = await host.Jobs.CreateOnceAsync("key", "inputs", Sample.Job());
            await host.Jobs.UpdateAsync(first.Id, job => job with { State = JobState.Succeeded });
            var life = new CrashPoint(call, afterwards);
            var dying = new JobStore(new CrashingDocumentStore(host.Documents, life), TimeProvider.System);
            await Record.ExceptionAsync(() => dying.DeleteAsync(first.Id));

            var (again, isNew) = await host.Jobs.CreateOnceAsync("key", "inputs", Sample.Job());

            Assert.Equal(isNew, again.Id != first.Id);
            Assert.Equal(isNew ? JobState.Queued : JobState.Succeeded, again.State);
            if (!life.IsCrashed)
                return;
        }

        Assert.Fail($"Deleting a job makes more than {MostCalls} storage calls.");
    }

    [Fact]
    public async Task A_creator_who_slept_until_its_job_was_over_and_deleted_does_not_bring_it_back()
    {
        var sleepy = new SleepyDocumentStore(_shop.Documents);
        var sleeper = new JobStore(sleepy, TimeProvider.System);
        string? first = null;
        sleepy.BeforeNextJobIsCreated = async () =>
        {
            (var job, _) = await _shop.Jobs.CreateOnceAsync("key", "inputs", Sample.Job());
            first = job.Id;
            await _shop.Jobs.UpdateAsync(first, read => read with { State = JobState.Succeeded });
            await _shop.Jobs.DeleteAsync(first);
        };
        var slept = Sample.Job();

        var (late, isNew) = await sleeper.CreateOnceAsync("key", "inputs", slept);

        Assert.Equal(slept.Id, first);
        Assert.True(isNew);
        Assert.Equal(late.Id, Assert.Single((await _shop.Jobs.ListAsync(new JobFilter(), 10)).Items).Id);
        Assert.Equal(late.Id, (await _shop.Jobs.CreateOnceAsync("key", "inputs", Sample.Job())).Job.Id);
    }

    [Fact]
    public async Task Keys_without_a_job_are_swept_after_the_grace_and_those_with_one_stay()
    {
        var kept = (await _shop.Jobs.CreateOnceAsync("kept", "inputs", Sample.Job())).Job;
        var dying = new JobStore(new CrashingDocumentStore(_shop.Documents, new CrashPoint(3, afterwards: false)), TimeProvider.System);
        await Assert.ThrowsAsync<CrashPoint.DeadException>(() => dying.CreateOnceAsync("stale", "inputs", Sample.Job()));

        Assert.Equal(0, (await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow)).JobKeys);
        await Assert.ThrowsAsync<ConflictException>(() => _shop.Jobs.CreateOnceAsync("stale", "other inputs", Sample.Job()));
        Assert.Equal(1, (await _shop.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromDays(2))).JobKeys);

        Assert.True((await _shop.Jobs.CreateOnceAsync("stale", "other inputs", Sample.Job())).IsNew);
        Assert.Equal(kept.Id, (await _shop.Jobs.CreateOnceAsync("kept", "inputs", Sample.Job())).Job.Id);
    }

    private sealed class SleepyDocumentStore(IDocumentStore store) : DocumentStoreWrapper(store)
    {
        private Func<Task>? _before;

        public Func<Task> BeforeNextJobIsCreated
        {
            set => _before = value;
        }

        public override async Task<string> CreateAsync<T>(
            DocumentCollection<T> collection, string partition, string id, T value, CancellationToken cancellationToken)
        {
            if (collection.Name == "jobs" && Interlocked.Exchange(ref _before, null) is { } act)
                await act();
            return await base.CreateAsync(collection, partition, id, value, cancellationToken);
        }
    }
}
