using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Inference.Tests.Sessions;

public sealed class SessionCacheTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly Kitchen _kitchen;

    public SessionCacheTests() => _kitchen = new Kitchen(time: _time);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Fact]
    public async Task Concurrent_first_requests_share_one_load()
    {
        var model = _kitchen.Add(OnnxModel.Linear());
        var release = new TaskCompletionSource<byte[]?>();
        _kitchen.BeforeFetch = _ => release.Task;

        var leases = Enumerable.Range(0, 50).Select(_ => _kitchen.Sessions.LeaseAsync(model, CancellationToken.None).AsTask()).ToList();
        release.SetResult(null);
        var models = await Task.WhenAll(leases);

        Assert.Single(models.Select(lease => lease.Model).Distinct());
        Assert.Equal(1, _kitchen.Fetches);
        Assert.Equal(1, _kitchen.Sessions.LoadedModels);
        foreach (var lease in models)
            lease.Dispose();
    }

    [Fact]
    public async Task A_warm_lease_completes_at_once()
    {
        var model = _kitchen.Add(OnnxModel.Linear());
        Assert.False(_kitchen.Sessions.IsLoaded(model));
        (await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None)).Dispose();
        Assert.True(_kitchen.Sessions.IsLoaded(model));

        var again = _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);

        Assert.True(again.IsCompletedSuccessfully);
        (await again).Dispose();
    }

    [Fact]
    public async Task A_caller_that_gives_up_does_not_stop_the_load_for_others()
    {
        var model = _kitchen.Add(OnnxModel.Linear());
        var release = new TaskCompletionSource<byte[]?>();
        _kitchen.BeforeFetch = _ => release.Task;
        using var cancellation = new CancellationTokenSource();
        var first = _kitchen.Sessions.LeaseAsync(model, cancellation.Token).AsTask();
        var second = _kitchen.Sessions.LeaseAsync(model, CancellationToken.None).AsTask();

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        release.SetResult(null);

        (await second).Dispose();
        Assert.Equal(1, _kitchen.Fetches);
    }

    [Fact]
    public async Task A_failed_load_is_tried_again_after_a_moment_and_not_before()
    {
        var model = _kitchen.Add(OnnxModel.Linear());
        _kitchen.BeforeFetch = _ => throw new IOException("storage is away");
        var failure = await Assert.ThrowsAsync<ModelLoadException>(Lease);
        Assert.Equal("model:1 could not be loaded.", failure.Message);
        Assert.IsType<IOException>(failure.InnerException);
        _kitchen.BeforeFetch = _ => Task.FromResult<byte[]?>(null);

        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Same(failure, await Assert.ThrowsAsync<ModelLoadException>(Lease));
        _time.Advance(TimeSpan.FromSeconds(0.2));
        await Lease();

        Assert.Equal(2, _kitchen.Fetches);

        async Task Lease() => (await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None)).Dispose();
    }

    [Fact]
    public async Task An_artifact_that_arrives_damaged_is_fetched_anew()
    {
        var onnx = OnnxModel.Linear();
        var model = _kitchen.Add(onnx);
        _kitchen.BeforeFetch = _ => Task.FromResult<byte[]?>([.. onnx[..^1], (byte)(onnx[^1] ^ 1)]);
        var failure = await Assert.ThrowsAsync<ModelLoadException>(() => _kitchen.Sessions.LeaseAsync(model, CancellationToken.None).AsTask());
        Assert.IsType<ArtifactCorruptException>(failure.InnerException);
        Assert.Empty(Directory.GetFiles(_kitchen.Directory));
        _kitchen.BeforeFetch = _ => Task.FromResult<byte[]?>(null);
        _time.Advance(TimeSpan.FromSeconds(6));

        using var lease = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);

        Assert.Equal(["[]", "[]"], await Kitchen.PredictAsync(lease.Model, "[]"));
    }

    [Fact]
    public async Task An_unloaded_model_serves_its_leases_to_the_end_and_takes_no_new_ones()
    {
        var model = _kitchen.Add(OnnxModel.Identity(Datatype.Fp32, -1));
        var lease = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);

        _kitchen.Sessions.Unload(model.Name);

        Assert.False(_kitchen.Sessions.IsLoaded(model));
        Assert.False(lease.Model.TryLease());
        Assert.Equal(["[1]"], await Kitchen.PredictAsync(lease.Model, "[1]"));
        Assert.Equal(1, _kitchen.Sessions.LoadedModels);
        lease.Dispose();
        Assert.Equal(0, _kitchen.Sessions.LoadedModels);
        Assert.Equal(0, _kitchen.Sessions.LoadedBytes);
    }

    [Fact]
    public async Task A_model_can_be_unloaded_by_name_and_version()
    {
        var onnx = OnnxModel.Linear();
        var first = _kitchen.Add(onnx, version: "1");
        var second = _kitchen.Add(onnx, version: "2");
        foreach (var model in new[] { first, second })
            (await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None)).Dispose();

        _kitchen.Sessions.Unload("model", "1");

        Assert.False(_kitchen.Sessions.IsLoaded(first));
        Assert.True(_kitchen.Sessions.IsLoaded(second));
        Assert.Equal(1, _kitchen.Fetches);
    }

    [Fact]
    public async Task A_model_that_is_unloaded_while_it_loads_is_not_kept()
    {
        var model = _kitchen.Add(OnnxModel.Linear());
        var release = new TaskCompletionSource<byte[]?>();
        var fetching = new TaskCompletionSource();
        _kitchen.BeforeFetch = _ =>
        {
            fetching.SetResult();
            return release.Task;
        };
        using var cancellation = new CancellationTokenSource();
        var lease = _kitchen.Sessions.LeaseAsync(model, cancellation.Token).AsTask();
        await fetching.Task;

        _kitchen.Sessions.Unload(model.Name);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lease);
        release.SetResult(null);
        await _kitchen.Sessions.DisposeAsync();

        Assert.Equal(0, _kitchen.Sessions.LoadedModels);
    }

    [Fact]
    public async Task Equal_settings_are_one_model_and_changed_settings_another()
    {
        var onnx = OnnxModel.Linear();
        using var first = await _kitchen.LeaseAsync(onnx, new ModelSettings { Image = new ImageSettings { Mean = [1, 2, 3] } });
        using var same = await _kitchen.LeaseAsync(onnx, new ModelSettings { Image = new ImageSettings { Mean = [1, 2, 3] } });
        using var otherImage = await _kitchen.LeaseAsync(onnx, new ModelSettings { Image = new ImageSettings { Mean = [1, 2, 4] } });
        using var otherSession = await _kitchen.LeaseAsync(onnx, new ModelSettings { Session = new SessionSettings { Optimization = "none" } });

        Assert.Same(first.Model, same.Model);
        Assert.Equal(3, new[] { first.Model, otherImage.Model, otherSession.Model }.Distinct().Count());
        Assert.Equal("none", otherSession.Model.Settings.Session.Optimization);
    }

    [Fact]
    public async Task A_disposed_cache_frees_everything_and_loads_nothing()
    {
        var model = _kitchen.Add(OnnxModel.Linear());
        (await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None)).Dispose();

        await _kitchen.Sessions.DisposeAsync();

        Assert.Equal(0, _kitchen.Sessions.LoadedModels);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _kitchen.Sessions.LeaseAsync(model, CancellationToken.None).AsTask());
    }

    [Fact]
    public async Task Leases_runs_and_unloads_at_the_same_time_do_no_harm()
    {
        var model = _kitchen.Add(OnnxModel.Identity(Datatype.Int64, -1));

        await Parallel.ForEachAsync(Enumerable.Range(0, 400), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, cancellationToken) =>
        {
            using var lease = await _kitchen.Sessions.LeaseAsync(model, cancellationToken);
            if (i % 7 == 0)
                _kitchen.Sessions.Unload(model.Name);
            Assert.Equal([$"[{i}]"], await Kitchen.PredictAsync(lease.Model, $"[{i}]", cancellationToken));
        });

        _kitchen.Sessions.Unload(model.Name);
        Assert.Equal(0, _kitchen.Sessions.LoadedModels);
        Assert.Equal(0, _kitchen.Sessions.LoadedBytes);
    }

    [Fact]
    public async Task Requests_that_waited_for_a_load_do_not_wait_for_each_others_runs()
    {
        var model = _kitchen.Add(OnnxModel.Turns());
        var fetch = new TaskCompletionSource<byte[]?>();
        _kitchen.BeforeFetch = _ => fetch.Task;
        using var stop = new CancellationTokenSource();
        // The first runs until it is stopped.
        var endless = RunAsync("[1000000000000]", stop.Token);
        var brief = RunAsync("[3]", CancellationToken.None);

        fetch.SetResult(null);

        Assert.Equal("[3]", await brief);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless);

        async Task<string> RunAsync(string values, CancellationToken cancellationToken)
        {
            using var lease = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);
            return (await Kitchen.PredictAsync(lease.Model, values, cancellationToken))[0];
        }
    }
}
