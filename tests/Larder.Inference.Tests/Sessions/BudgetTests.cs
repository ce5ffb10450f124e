using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Testing.Onnx;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Inference.Tests.Sessions;

public sealed class BudgetTests : IAsyncLifetime
{
    // Room for two models of about 260 KB.
    private const long Budget = 2_000_000;
    private readonly FakeTimeProvider _time = new();
    private readonly Kitchen _kitchen;

    public BudgetTests() => _kitchen = new Kitchen(new InferenceLimits { LoadedBytes = Budget }, _time);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Fact]
    public async Task The_least_recently_used_model_makes_room()
    {
        var (a, b, c) = (Model("a"), Model("b"), Model("c"));
        await UseAsync(a);
        await UseAsync(b);
        await UseAsync(a);

        await UseAsync(c);

        Assert.True(_kitchen.Sessions.IsLoaded(a));
        Assert.False(_kitchen.Sessions.IsLoaded(b));
        Assert.True(_kitchen.Sessions.IsLoaded(c));
        Assert.Equal(2, _kitchen.Sessions.LoadedModels);
        Assert.InRange(_kitchen.Sessions.LoadedBytes, 1, Budget);
    }

    [Fact]
    public async Task An_idle_model_goes_before_one_that_is_in_use()
    {
        var (a, b, c) = (Model("a"), Model("b"), Model("c"));
        using var used = await _kitchen.Sessions.LeaseAsync(a, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        await UseAsync(b);

        await UseAsync(c);

        Assert.True(_kitchen.Sessions.IsLoaded(a));
        Assert.False(_kitchen.Sessions.IsLoaded(b));
    }

    [Fact]
    public async Task A_model_evicted_while_it_is_in_use_lives_until_its_last_lease_ends()
    {
        var (a, b, c) = (Model("a"), Model("b"), Model("c"));
        var first = await _kitchen.Sessions.LeaseAsync(a, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        using var second = await _kitchen.Sessions.LeaseAsync(b, CancellationToken.None);
        await UseAsync(c);

        Assert.False(_kitchen.Sessions.IsLoaded(a));
        Assert.Equal(3, _kitchen.Sessions.LoadedModels);
        Assert.Single(await Kitchen.PredictAsync(first.Model, "[]"));
        first.Dispose();
        Assert.Equal(2, _kitchen.Sessions.LoadedModels);
        Assert.InRange(_kitchen.Sessions.LoadedBytes, 1, Budget);
    }

    [Fact]
    public async Task A_model_that_could_never_fit_is_refused_without_a_fetch()
    {
        var model = Model("giant") with { Bytes = 3L << 30 };

        var error = await Assert.ThrowsAsync<ModelTooLargeException>(() => _kitchen.Sessions.LeaseAsync(model, CancellationToken.None).AsTask());

        Assert.Equal("giant:1 needs about 6 GiB of memory, more than all models together may have (1.91 MiB, Limits:LoadedBytes).", error.Message);
        Assert.Equal(0, _kitchen.Fetches);
    }

    [Fact]
    public async Task Many_models_at_once_stay_within_the_budget()
    {
        var models = Enumerable.Range(0, 6).Select(i => Model($"m{i}")).ToList();

        await Parallel.ForEachAsync(Enumerable.Range(0, 60), new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (i, cancellationToken) =>
        {
            using var lease = await _kitchen.Sessions.LeaseAsync(models[i % 6], cancellationToken);
            Assert.Single(await Kitchen.PredictAsync(lease.Model, "[]", cancellationToken));
        });

        Assert.InRange(_kitchen.Sessions.LoadedBytes, 1, Budget);
        Assert.Equal(models.Count(_kitchen.Sessions.IsLoaded), _kitchen.Sessions.LoadedModels);
    }

    private ServableModel Model(string name) => _kitchen.Add(OnnxModel.MatMul(256), name: name);

    private async Task UseAsync(ServableModel model)
    {
        (await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None)).Dispose();
        _time.Advance(TimeSpan.FromSeconds(1));
    }
}
