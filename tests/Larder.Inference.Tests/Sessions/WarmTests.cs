using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Inference.Tests.Sessions;

public sealed class WarmTests : IAsyncLifetime
{
    // Room for two models of about 260 KB.
    private const long Budget = 2_000_000;
    private static readonly TimeSpan WantedFor = TimeSpan.FromMinutes(10);

    private readonly FakeTimeProvider _time = new();
    private readonly Kitchen _kitchen;

    public WarmTests() => _kitchen = new Kitchen(new InferenceLimits { LoadedBytes = Budget }, _time);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Fact]
    public async Task A_warm_model_was_loaded_and_has_run_once()
    {
        using var measured = new Metered(_kitchen.Metrics);
        var model = Model("a");

        Assert.True(await WarmAsync(model));
        Assert.True(await WarmAsync(model));

        Assert.True(_kitchen.Sessions.IsLoaded(model));
        Assert.Single(measured["larder.inference.loads"]);
        Assert.Equal(["model=a,version=1"], measured.Tags("larder.inference.runs"));
        Assert.Single(measured["larder.inference.runs"]);
        Assert.Equal([1d], measured["larder.inference.batch_rows"]);
    }

    [Theory]
    [InlineData(Datatype.Bytes)]
    [InlineData(Datatype.Bool)]
    [InlineData(Datatype.Fp16)]
    [InlineData(Datatype.Int64)]
    public async Task Zeros_are_of_every_type(Datatype datatype)
    {
        using var measured = new Metered(_kitchen.Metrics);

        Assert.True(await WarmAsync(_kitchen.Add(OnnxModel.Identity(datatype, -1, 3))));

        Assert.Single(measured["larder.inference.runs"]);
        Assert.Equal(0, _kitchen.Sessions.Memory.Work.Used);
    }

    [Fact]
    public async Task A_model_whose_lengths_vary_is_loaded_and_not_run()
    {
        using var measured = new Metered(_kitchen.Metrics);
        var model = _kitchen.Add(OnnxModel.Identity(Datatype.Fp32, -1, -1));

        Assert.True(await WarmAsync(model));

        Assert.True(_kitchen.Sessions.IsLoaded(model));
        Assert.Empty(measured["larder.inference.runs"]);
    }

    [Fact]
    public async Task A_model_that_requests_want_is_not_evicted_for_a_warm_up()
    {
        var (a, b, c) = (Model("a"), Model("b"), Model("c"));
        await UseAsync(a);
        await UseAsync(b);

        Assert.False(await WarmAsync(c));

        Assert.True(_kitchen.Sessions.IsLoaded(a));
        Assert.True(_kitchen.Sessions.IsLoaded(b));
        Assert.False(_kitchen.Sessions.IsLoaded(c));
    }

    [Fact]
    public async Task A_model_that_no_request_wants_any_more_makes_room()
    {
        var (a, b, c) = (Model("a"), Model("b"), Model("c"));
        await UseAsync(a);
        _time.Advance(WantedFor);
        await UseAsync(b);

        Assert.True(await WarmAsync(c));

        Assert.False(_kitchen.Sessions.IsLoaded(a));
        Assert.True(_kitchen.Sessions.IsLoaded(b));
        Assert.True(_kitchen.Sessions.IsLoaded(c));
    }

    [Fact]
    public async Task Nothing_is_evicted_if_that_would_not_be_enough()
    {
        var (a, b) = (Model("a"), Model("b"));
        await UseAsync(a);
        _time.Advance(WantedFor);
        await UseAsync(b);

        Assert.False(await WarmAsync(_kitchen.Add(OnnxModel.MatMul(400), name: "large")));

        Assert.True(_kitchen.Sessions.IsLoaded(a));
        Assert.True(_kitchen.Sessions.IsLoaded(b));
    }

    [Fact]
    public async Task Requests_during_a_warm_up_share_its_load()
    {
        using var measured = new Metered(_kitchen.Metrics);
        var fetching = new TaskCompletionSource();
        var fetch = new TaskCompletionSource<byte[]?>();
        _kitchen.BeforeFetch = _ =>
        {
            fetching.SetResult();
            return fetch.Task;
        };
        var model = Model("a");

        var warming = WarmAsync(model);
        await fetching.Task;
        var request = _kitchen.Sessions.LeaseAsync(model, CancellationToken.None).AsTask();
        fetch.SetResult(null);

        (await request).Dispose();
        Assert.True(await warming);
        Assert.Single(measured["larder.inference.loads"]);
    }

    [Fact]
    public async Task Warm_ups_at_the_same_time_do_not_count_on_the_same_room()
    {
        await UseAsync(Model("used"));
        var fetch = new TaskCompletionSource<byte[]?>();
        _kitchen.BeforeFetch = _ => fetch.Task;

        var warming = WarmAsync(Model("first"));
        Assert.False(await WarmAsync(Model("second")));
        fetch.SetResult(null);

        Assert.True(await warming);
        Assert.True(_kitchen.Sessions.IsLoaded(Model("used")));
    }

    [Fact]
    public async Task A_warm_up_that_fails_gives_its_room_back()
    {
        _kitchen.BeforeFetch = _ => throw new IOException("The network is away.");
        await Assert.ThrowsAsync<ModelLoadException>(() => WarmAsync(Model("a")));
        await Assert.ThrowsAsync<ModelLoadException>(() => WarmAsync(Model("b")));
        _kitchen.BeforeFetch = _ => Task.FromResult<byte[]?>(null);

        Assert.True(await WarmAsync(Model("c")));
        Assert.True(await WarmAsync(Model("d")));
    }

    private ServableModel Model(string name) => _kitchen.Add(OnnxModel.MatMul(256), name: name);

    private Task<bool> WarmAsync(ServableModel model) => _kitchen.Sessions.WarmAsync(model, WantedFor, CancellationToken.None);

    private async Task UseAsync(ServableModel model) => (await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None)).Dispose();
}
