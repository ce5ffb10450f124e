using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Sessions;

public sealed class ThreadTrialTests : IAsyncLifetime
{
    // A run of one row reads 37 MB of weights eight times, which takes more than a millisecond on any machine: once took less on one whose cache holds nearly all of them.
    private static readonly byte[] Large = OnnxModel.MatMul(3072, times: 8);

    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Fact]
    public async Task Runs_are_timed_with_one_thread_and_with_all_cores_and_what_serves_more_is_kept()
    {
        var model = _kitchen.Add(Large);

        var threads = await ThreadsAsync(model);

        if (Environment.ProcessorCount == 1)
        {
            Assert.Equal(new ThreadChoice(1, ThreadReason.ShortRuns), threads);
            return;
        }

        Assert.Equal(ThreadReason.Measured, threads.Reason);
        Assert.True(threads.OneThread > 0);
        Assert.True(threads.AllCores > 0);
        Assert.Equal(threads.AllCores >= 0.9 * threads.OneThread ? Environment.ProcessorCount : 1, threads.Threads);

        // The same bytes are not timed again.
        _kitchen.Sessions.Unload(model.Name);
        Assert.Same(threads, await ThreadsAsync(model));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task The_settings_decide(int wanted) =>
        Assert.Equal(new ThreadChoice(wanted, ThreadReason.Settings), await ThreadsAsync(_kitchen.Add(Large, new ModelSettings { Session = new() { IntraOpThreads = wanted } })));

    [Fact]
    public async Task A_small_model_has_one_thread() =>
        Assert.Equal(new ThreadChoice(1, ThreadReason.ShortRuns), await ThreadsAsync(_kitchen.Add(OnnxModel.Linear())));

    [Fact]
    public async Task The_size_decides_where_shapes_are_not_known() =>
        Assert.Equal(new ThreadChoice(1, ThreadReason.Size), await ThreadsAsync(_kitchen.Add(OnnxModel.Identity(Datatype.Fp32, -1, -1))));

    [Fact]
    public async Task The_size_decides_where_two_sessions_have_no_room()
    {
        await using var small = new Kitchen(new InferenceLimits { LoadedBytes = 3 * Large.Length });
        var model = small.Add(Large);

        using var lease = await small.Sessions.LeaseAsync(model, CancellationToken.None);

        var reason = Environment.ProcessorCount == 1 ? ThreadReason.ShortRuns : ThreadReason.Size;
        Assert.Equal(new ThreadChoice(Environment.ProcessorCount, reason), small.Sessions.Find(model)!.Threads);
    }

    [Fact]
    public async Task However_many_threads_it_has_a_model_answers_the_same()
    {
        var row = $"[[{string.Join(',', Enumerable.Range(0, 512).Select(i => i % 7))}]]";
        var answers = new List<string>();
        foreach (var threads in new int?[] { null, 1, 2 })
        {
            using var lease = await _kitchen.LeaseAsync(OnnxModel.MatMul(512, 4), new ModelSettings { Session = new() { IntraOpThreads = threads } });
            answers.Add((await Kitchen.PredictAsync(lease.Model, row))[0]);
        }

        Assert.Single(answers.Distinct());
    }

    private async Task<ThreadChoice> ThreadsAsync(ServableModel model)
    {
        using var lease = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);
        return _kitchen.Sessions.Find(model)!.Threads;
    }
}
