using System.Diagnostics;
using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Batching;

public sealed class RunQueueTests : IAsyncLifetime
{
    private readonly Kitchen _kitchen = new(new InferenceLimits { QueuedRuns = 250 });
    private readonly Metered _metered;
    private readonly List<Blocker> _blockers = [];

    public RunQueueTests() => _metered = new Metered(_kitchen.Metrics);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await UnblockAsync();
        _metered.Dispose();
        await _kitchen.DisposeAsync();
    }

    [Fact]
    public async Task Two_hundred_requests_run_together_get_what_each_gets_alone()
    {
        using var lease = await _kitchen.LeaseAsync(GatedModel.Onnx, rowsAreIndependent: true);
        await BlockAsync(lease.Model);

        var answers = Enumerable.Range(0, 200).Select(i => Kitchen.PredictAsync(lease.Model, GatedModel.Values(i % 10, $"größe {i}", i))).ToList();
        Assert.Equal(200, lease.Model.Queue.Waiting);
        await UnblockAsync();

        for (var i = 0; i < 200; i++)
            Assert.Equal(GatedModel.Expected(i % 10, $"größe {i}", i), await answers[i]);
        var rows = _metered["larder.inference.batch_rows"];
        Assert.Equal(64, rows.Max());
        Assert.Equal(200 + lease.Model.Queue.Slots, rows.Sum());
        Assert.Equal(4 + lease.Model.Queue.Slots, rows.Length);
    }

    [Fact]
    public async Task Requests_of_many_rows_share_a_run_up_to_its_maximum_and_larger_ones_run_alone()
    {
        using var lease = await _kitchen.LeaseAsync(GatedModel.Onnx, new ModelSettings { Batching = new() { MaxRows = 4 } }, rowsAreIndependent: true);
        await BlockAsync(lease.Model);
        int[] sizes = [1, 2, 6, 1, 3, 5, 4];

        var answers = sizes.Select(size => Kitchen.PredictAsync(lease.Model, Rows(size))).ToList();
        await UnblockAsync();

        foreach (var (answer, size) in (await Task.WhenAll(answers)).Zip(sizes))
            Assert.Equal($"[{string.Join(',', Enumerable.Range(0, size).Select(i => i * 11))}]", answer[1]);
        Assert.Equal([3, 4, 4, 5, 6], Runs());
    }

    [Fact]
    public async Task A_run_of_an_idle_model_is_on_its_callers_thread_also_if_it_takes_milliseconds()
    {
        using var trial = await _kitchen.LeaseAsync(OnnxModel.Turns());
        var (turns, took) = (1000, TimeSpan.Zero);
        for (; took < TimeSpan.FromMilliseconds(2); turns *= 2)
            await RunsHereAsync(trial.Model);

        // Another queue: the first one's runs were shorter. It learns from its second run on, and from the shortest most: from one that a busy machine did not stop.
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Turns(), new ModelSettings { Batching = new() { MaxRows = 4 } });
        List<bool> here = [await RunsHereAsync(lease.Model), await RunsHereAsync(lease.Model)];
        for (var i = 0; i < 1000 && took >= TimeSpan.FromMilliseconds(10); i++)
            await RunsHereAsync(lease.Model);
        while (here.Count < 10)
            here.Add(await RunsHereAsync(lease.Model));

        Assert.Equal(Enumerable.Repeat(true, 10), here);

        async Task<bool> RunsHereAsync(LoadedModel model)
        {
            var begin = Stopwatch.GetTimestamp();
            var run = Kitchen.PredictAsync(model, Turns());
            var isHere = run.IsCompletedSuccessfully;
            await run;
            took = Stopwatch.GetElapsedTime(begin);
            return isHere;
        }

        string Turns() => $$"""{"turns":[{{turns}}]}""";
    }

    [Fact]
    public async Task A_request_that_fails_the_run_fails_alone()
    {
        using var lease = await _kitchen.LeaseAsync(GatedModel.Onnx, rowsAreIndependent: true);
        await BlockAsync(lease.Model);

        var good = Enumerable.Range(0, 5).Select(i => Kitchen.PredictAsync(lease.Model, GatedModel.Values(i, "t", i))).ToList();
        var bad = Kitchen.PredictAsync(lease.Model, GatedModel.Values(100, "t", 1));
        var more = Kitchen.PredictAsync(lease.Model, GatedModel.Values(9, "t", 1));
        await UnblockAsync();

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => bad);
        Assert.Equal("model cannot take this input: its Gather node 'look_up' failed: indices element out of data bounds, idx=100 must be within the inclusive range [-10,9].", error.Message);
        for (var i = 0; i < 5; i++)
            Assert.Equal(GatedModel.Expected(i, "t", i), await good[i]);
        Assert.Equal(GatedModel.Expected(9, "t", 1), await more);
        // Together, then each alone.
        Assert.Equal([1, 1, 1, 1, 1, 1, 1, 7], Runs());
    }

    [Fact]
    public async Task Requests_of_different_inner_shapes_do_not_share_a_run()
    {
        using var lease = await _kitchen.LeaseAsync(GatedModel.Onnx, rowsAreIndependent: true);
        await BlockAsync(lease.Model);

        var one = Kitchen.PredictAsync(lease.Model, """{"gate":[1],"text":[["a"]],"x":[[1,2]]}""");
        var two = Kitchen.PredictAsync(lease.Model, """{"gate":[2],"text":[["b","c"]],"x":[[1,2]]}""");
        var three = Kitchen.PredictAsync(lease.Model, """{"gate":[3],"text":[["d"]],"x":[[1,2]]}""");
        var uneven = Kitchen.PredictAsync(lease.Model, """{"gate":[4],"text":[["d"],["e"]],"x":[[1,2]]}""");
        await UnblockAsync();

        Assert.Equal(["""[["a"]]""", """[["b","c"]]""", """[["d"]]""", """[["d"],["e"]]"""], (await Task.WhenAll(one, two, three, uneven)).Select(answer => answer[0]));
        Assert.Equal([1, 1, 2], Runs());
    }

    [Fact]
    public async Task A_request_cancelled_while_it_waits_leaves_at_once_and_its_neighbours_do_not_notice()
    {
        using var lease = await _kitchen.LeaseAsync(GatedModel.Onnx, rowsAreIndependent: true);
        await BlockAsync(lease.Model);
        using var cancellation = new CancellationTokenSource();
        var first = Kitchen.PredictAsync(lease.Model, GatedModel.Values(1, "a", 1));
        var cancelled = Kitchen.PredictAsync(lease.Model, GatedModel.Values(2, "b", 2), cancellation.Token);
        var last = Kitchen.PredictAsync(lease.Model, GatedModel.Values(3, "c", 3));

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(2, lease.Model.Queue.Waiting);
        await UnblockAsync();

        Assert.Equal(GatedModel.Expected(1, "a", 1), await first);
        Assert.Equal(GatedModel.Expected(3, "c", 3), await last);
        Assert.Equal([2], Runs());
    }

    [Fact]
    public async Task A_run_that_nobody_waits_for_any_more_is_stopped()
    {
        using var lease = await _kitchen.LeaseAsync(GatedModel.Onnx, rowsAreIndependent: true);
        await BlockAsync(lease.Model);
        using var cancellation = new CancellationTokenSource();
        var endless = Enumerable.Range(0, 3).Select(_ => Kitchen.PredictAsync(lease.Model, GatedModel.Values(GatedModel.Closed, "", 0), cancellation.Token)).ToList();
        await _blockers[0].StopAsync();
        await Eventually.IsTrue(() => lease.Model.Queue.Waiting == 0);

        await cancellation.CancelAsync();

        foreach (var answer in endless)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await UnblockAsync();
        await Eventually.IsTrue(() => lease.Model.Queue.Running == 0);
    }

    [Fact]
    public async Task A_request_cancelled_during_a_shared_run_does_not_end_it_for_the_others()
    {
        using var lease = await _kitchen.LeaseAsync(GatedModel.Onnx, rowsAreIndependent: true);
        await BlockAsync(lease.Model);
        using var cancelOne = new CancellationTokenSource();
        using var cancelOther = new CancellationTokenSource();
        var one = Kitchen.PredictAsync(lease.Model, GatedModel.Values(GatedModel.Closed, "", 0), cancelOne.Token);
        var other = Kitchen.PredictAsync(lease.Model, GatedModel.Values(1, "", 0), cancelOther.Token);
        await _blockers[0].StopAsync();
        await Eventually.IsTrue(() => lease.Model.Queue.Waiting == 0);

        await cancelOne.CancelAsync();

        // Its inputs are still being read, so it completes only with the run.
        Assert.False(one.IsCompleted);
        Assert.False(other.IsCompleted);
        await cancelOther.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);
    }

    [Fact]
    public async Task Requests_beyond_the_longest_queue_are_refused()
    {
        using var lease = await _kitchen.LeaseAsync(GatedModel.Onnx, rowsAreIndependent: true);
        await BlockAsync(lease.Model);
        var waiting = Enumerable.Range(0, 250).Select(i => Kitchen.PredictAsync(lease.Model, GatedModel.Values(1, "", 0))).ToList();

        var error = await Assert.ThrowsAsync<ModelBusyException>(() => Kitchen.PredictAsync(lease.Model, GatedModel.Values(1, "", 0)));

        Assert.Equal("model:1 has 250 requests waiting, the most it may have (Limits:QueuedRuns).", error.Message);
        await UnblockAsync();
        await Task.WhenAll(waiting);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(false, true)]
    public async Task Requests_run_alone_when_rows_may_depend_on_each_other_or_the_owner_says_so(bool? enabled, bool rowsAreIndependent)
    {
        using var lease = await _kitchen.LeaseAsync(GatedModel.Onnx, new ModelSettings { Batching = new() { Enabled = enabled } }, rowsAreIndependent);
        await BlockAsync(lease.Model);

        var answers = Enumerable.Range(0, 5).Select(i => Kitchen.PredictAsync(lease.Model, GatedModel.Values(i, "t", i))).ToList();
        await UnblockAsync();

        for (var i = 0; i < 5; i++)
            Assert.Equal(GatedModel.Expected(i, "t", i), await answers[i]);
        Assert.Equal([1, 1, 1, 1, 1], Runs());
    }

    [Fact]
    public async Task A_model_whose_outputs_cannot_be_divided_is_run_alone_whatever_its_owner_says()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Turns(-1), new ModelSettings { Batching = new() { Enabled = true } });
        await BlockAsync(lease.Model, $"[{GatedModel.Closed}]");

        var answers = Enumerable.Range(1, 3).Select(i => Kitchen.PredictAsync(lease.Model, $"[{i}]")).ToList();
        await UnblockAsync();

        Assert.Equal(["[1]", "[2]", "[3]"], (await Task.WhenAll(answers)).Select(answer => answer[0]));
    }

    [Fact]
    public async Task Requests_that_give_an_optional_input_run_alone()
    {
        using var lease = await _kitchen.LeaseAsync(GatedModel.WithFactor, rowsAreIndependent: true);
        await BlockAsync(lease.Model);
        string?[] factors = [null, "1", "2", null, "2", null];

        var answers = factors.Select((factor, i) => Kitchen.PredictAsync(lease.Model, With(factor, GatedModel.Values(i, "t", 3)))).ToList();
        await UnblockAsync();

        for (var i = 0; i < factors.Length; i++)
            Assert.Equal(factors[i] == "2" ? """[{"a":6,"b":1}]""" : """[{"a":3,"b":0.5}]""", (await answers[i])[2]);
        Assert.Equal([1, 1, 1, 3], Runs());

        static string With(string? factor, string values) => factor is null ? values : $"{values[..^1]},\"factor\":{factor}}}";
    }

    [Fact]
    public async Task A_batch_of_no_rows_runs_alone()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Fp32, -1, 2), rowsAreIndependent: true);

        Assert.Equal(["[]"], await Kitchen.PredictAsync(lease.Model, "[]"));
    }

    [Fact]
    public async Task Many_threads_get_their_own_answers()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.ZipMap(), rowsAreIndependent: true);
        var alone = new List<string[]>();
        for (var i = 0; i < 20; i++)
            alone.Add(await Kitchen.PredictAsync(lease.Model, $"[[{i},2,3,4]]"));

        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, cancellationToken) =>
            Assert.Equal(alone[i % 20][0], (await Kitchen.PredictAsync(lease.Model, $"[[{i % 20},2,3,4]]", cancellationToken))[0]));

        await Eventually.IsTrue(() => lease.Model.Queue.Running == 0);
        Assert.Equal(2020, _metered["larder.inference.batch_rows"].Sum());
    }

    private static string Rows(int count)
    {
        var rows = Enumerable.Range(0, count).ToList();
        return $$"""{"gate":[{{string.Join(',', rows)}}],"text":[{{string.Join(',', rows.Select(i => $"[\"{i}\"]"))}}],"x":[{{string.Join(',', rows.Select(i => $"[{i},0]"))}}]}""";
    }

    // Rows of the runs, ordered, without the blockers' own, which had one each.
    private double[] Runs() => [.. _metered["larder.inference.batch_rows"].Order().Skip(_blockers.Count)];

    // Fills every slot with a run that goes on until it is stopped.
    private async Task BlockAsync(LoadedModel model, string? values = null)
    {
        for (var i = 0; i < model.Queue.Slots; i++)
            _blockers.Add(new Blocker(model, values ?? GatedModel.Values(GatedModel.Closed, "", 0)));
        await Eventually.IsTrue(() => model.Queue.Running == model.Queue.Slots);
    }

    // One after the other, so that what waits runs on one thread, in order.
    private async Task UnblockAsync()
    {
        foreach (var blocker in _blockers)
            await blocker.StopAsync();
    }

    private sealed class Blocker
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _run;

        public Blocker(LoadedModel model, string values) =>
            _run = Task.Factory.StartNew(() => Kitchen.PredictAsync(model, values, _stop.Token), TaskCreationOptions.LongRunning).Unwrap();

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _run);
        }
    }
}
