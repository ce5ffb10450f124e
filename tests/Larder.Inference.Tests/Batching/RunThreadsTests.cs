using Larder.Inference.Batching;

namespace Larder.Inference.Tests.Batching;

public sealed class RunThreadsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Work_runs_on_as_many_threads_as_it_needs_and_none_of_them_of_the_pool()
    {
        var threads = new RunThreads();
        using var all = new Barrier(9);
        var work = Enumerable.Range(0, 8).Select(_ => new Work(() => all.SignalAndWait(Limit))).ToList();

        foreach (var item in work)
            threads.Post(item);
        // Only when all eight run at once does the barrier open.
        Assert.True(await Task.Run(() => all.SignalAndWait(Limit)));

        var ran = await Task.WhenAll(work.Select(item => item.Done));
        Assert.Equal(8, ran.Distinct().Count());
        Assert.DoesNotContain(ran, thread => thread.IsThreadPoolThread);
    }

    [Fact]
    public async Task No_work_is_forgotten_however_it_comes()
    {
        var threads = new RunThreads();
        var work = Enumerable.Range(0, 20_000).Select(_ => new Work(() => { })).ToList();

        await Parallel.ForEachAsync(work, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (item, _) =>
        {
            threads.Post(item);
            await item.Done;
        });

        var ran = await Task.WhenAll(work.Select(item => item.Done));
        // Threads are reused. A few more start when a thread has completed its work and does not wait for more yet.
        Assert.InRange(ran.Distinct().Count(), 1, work.Count / 10);
    }

    [Fact]
    public void One_caller_at_a_time_may_do_a_run_itself()
    {
        var threads = new RunThreads();

        Assert.True(threads.TryBeginOnCaller());
        Assert.False(threads.TryBeginOnCaller());
        threads.EndOnCaller();
        Assert.True(threads.TryBeginOnCaller());
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource<Thread> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Thread> Done => _done.Task;

        public void Execute()
        {
            action();
            _done.SetResult(Thread.CurrentThread);
        }
    }
}
