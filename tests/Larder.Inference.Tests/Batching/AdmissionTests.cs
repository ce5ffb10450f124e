using System.Diagnostics;
using Larder.Inference.Batching;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Batching;

public sealed class AdmissionTests : IAsyncLifetime
{
    // Turns that go on until the run is stopped.
    private const long Endless = 1L << 60;

    private readonly Kitchen _kitchen = new();
    private readonly CancellationTokenSource _unblock = new();
    private readonly List<Task> _blockers = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _unblock.CancelAsync();
        foreach (var blocker in _blockers)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocker);
        await _kitchen.DisposeAsync();
        _unblock.Dispose();
    }

    [Fact]
    public async Task A_request_that_would_miss_its_deadline_is_refused_before_work_with_the_time_to_wait()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Turns());
        await LearnAsync(lease.Model);
        await BlockAsync(lease.Model);
        var tooShort = TimeSpan.FromMilliseconds(10);

        var early = Assert.Throws<ModelBusyException>(() => lease.Model.Admit(Deadline.Of(Stopwatch.GetTimestamp(), tooShort)));
        var late = await Assert.ThrowsAsync<ModelBusyException>(() => PredictAsync(lease.Model, 1, tooShort));

        Assert.Equal(0, lease.Model.Queue.Waiting);
        foreach (var refusal in new[] { early, late })
        {
            Assert.StartsWith("model:1 would answer in about ", refusal.Message);
            Assert.Equal(ErrorKind.TooMany, refusal.Kind);
            // Half a run.
            Assert.InRange(refusal.RetryAfter!.Value.TotalSeconds, 0.01, 10);
        }
    }

    [Fact]
    public async Task A_request_with_time_enough_waits_and_is_answered()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Turns());
        await LearnAsync(lease.Model);
        await BlockAsync(lease.Model);
        lease.Model.Admit(Deadline.Of(Stopwatch.GetTimestamp(), TimeSpan.FromHours(1)));

        var answer = PredictAsync(lease.Model, 3, TimeSpan.FromHours(1));
        await Eventually.IsTrue(() => lease.Model.Queue.Waiting == 1);
        await _unblock.CancelAsync();

        Assert.Equal("[3]", await answer);
    }

    [Fact]
    public async Task A_request_whose_deadline_passes_while_it_waits_is_dropped()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Turns());
        await BlockAsync(lease.Model);

        // Nothing is known of its runs, so it is admitted.
        var late = await Assert.ThrowsAsync<RunTimeoutException>(() => PredictAsync(lease.Model, 1, TimeSpan.FromMilliseconds(50)));

        Assert.Equal("model:1 had no answer within the 0.05 s that the request may take.", late.Message);
        Assert.Equal(0, lease.Model.Queue.Waiting);
    }

    [Fact]
    public async Task A_run_is_stopped_at_its_requests_deadline()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Turns());

        await Assert.ThrowsAsync<RunTimeoutException>(() => PredictAsync(lease.Model, Endless, TimeSpan.FromMilliseconds(50)));

        await Eventually.IsTrue(() => lease.Model.Queue.Running == 0);
    }

    [Fact]
    public async Task An_idle_model_admits_a_request_whatever_earlier_runs_took()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Turns());
        await LearnAsync(lease.Model);

        // Its runs took some 200 ms.
        lease.Model.Admit(Deadline.Of(Stopwatch.GetTimestamp(), TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public async Task A_deadline_that_is_over_stops_the_request()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Turns());
        using var inputs = lease.Model.RentInputs();
        Kitchen.Read(inputs, "[1]"u8.ToArray());
        var began = Stopwatch.GetTimestamp() - Stopwatch.Frequency;

        await Assert.ThrowsAsync<RunTimeoutException>(() => lease.Model.RunAsync(inputs, Deadline.Of(began, TimeSpan.FromMilliseconds(1)), CancellationToken.None).AsTask());
    }

    [Fact]
    public async Task The_models_own_bound_of_its_queue_and_its_timeout_are_kept_and_other_models_go_on()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Turns(), new ModelSettings { Queue = new() { MaxRequests = 2, TimeoutSeconds = 7.5 } });
        using var other = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Fp32, -1, 2));
        await BlockAsync(lease.Model);
        var waiting = Enumerable.Range(1, 2).Select(i => PredictAsync(lease.Model, i)).ToList();

        var refusal = await Assert.ThrowsAsync<ModelBusyException>(() => PredictAsync(lease.Model, 3));
        Assert.Equal("model:1 has 2 requests waiting, the most it may have (the model's setting queue.max_requests).", refusal.Message);
        Assert.Equal(refusal.Message, Assert.Throws<ModelBusyException>(() => lease.Model.Admit(default)).Message);
        Assert.Equal(TimeSpan.FromSeconds(7.5), lease.Model.Timeout);
        Assert.Equal(["[[1,2]]"], await Kitchen.PredictAsync(other.Model, "[[1,2]]"));

        await _unblock.CancelAsync();
        Assert.Equal(["[1]", "[2]"], await Task.WhenAll(waiting));
    }

    [Fact]
    public void The_durations_of_runs_are_learnt_by_their_rows()
    {
        var latency = default(RunLatency);
        Assert.Equal(0, latency.Predict(1, 1));
        for (var i = 0; i < 5; i++)
            latency.Add(4, 0.010);
        // All had the same rows: what a row costs is not known yet.
        Assert.Equal(0.010, latency.Predict(1, 100), 6);

        foreach (var rows in new[] { 1, 16, 4, 64, 32, 1 })
            latency.Add(rows, 0.002 + 0.002 * rows);
        Assert.Equal(0.002 + 0.002 * 20, latency.Predict(1, 20), 6);
        Assert.Equal(3 * 0.002 + 0.002 * 20, latency.Predict(3, 20), 6);

        // A change shows after some dozens of runs.
        for (var i = 0; i < 400; i++)
            latency.Add(1 + i % 2, 0.001 * (1 + i % 2));
        Assert.Equal(0.010, latency.Predict(1, 10), 4);
    }

    private static async Task<string> PredictAsync(LoadedModel model, long turns, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        using var inputs = model.RentInputs();
        Kitchen.Read(inputs, System.Text.Encoding.UTF8.GetBytes($"[{turns}]"));
        using var outputs = await model.RunAsync(inputs, Deadline.Of(Stopwatch.GetTimestamp(), timeout), cancellationToken);
        return Kitchen.Write(outputs, 0);
    }

    // Lets the model learn that its runs are long.
    private static async Task LearnAsync(LoadedModel model)
    {
        var runs = 0;
        for (var turns = 10_000L; runs < 5;)
        {
            var began = Stopwatch.GetTimestamp();
            await PredictAsync(model, turns);
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(200))
                runs++;
            else
                turns *= 2;
        }
    }

    private async Task BlockAsync(LoadedModel model)
    {
        for (var i = 0; i < model.Queue.Slots; i++)
            _blockers.Add(Task.Factory.StartNew(() => PredictAsync(model, Endless, cancellationToken: _unblock.Token), TaskCreationOptions.LongRunning).Unwrap());
        await Eventually.IsTrue(() => model.Queue.Running == model.Queue.Slots);
    }
}
