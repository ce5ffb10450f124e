using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Larder.Host.Storage;
using Larder.Host.Tests.Support;
using Larder.Host.Tests.Triggers.Support;
using Larder.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Host.Tests.Triggers;

[Collection(AzuriteCollection.Name)]
public class HeldLeaseTests(Azurite azurite) : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new();
    private readonly BlobClient _blob = new(azurite.ConnectionString, TestHost.NewName(), "lock");

    public async Task InitializeAsync()
    {
        await _blob.GetParentBlobContainerClient().CreateAsync();
        await _blob.UploadAsync(BinaryData.FromString(""));
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task One_holds_it_at_a_time()
    {
        await using (var first = await AcquireAsync())
        {
            Assert.NotNull(first);
            Assert.Null(await AcquireAsync());
        }

        await using var second = await AcquireAsync();
        Assert.NotNull(second);
    }

    [Fact]
    public async Task Its_holder_may_ask_for_it_again()
    {
        var id = Guid.NewGuid().ToString();
        await using var first = await AcquireAsync(id);

        await using var again = await AcquireAsync(id);

        Assert.NotNull(again);
    }

    [Fact]
    public async Task Of_a_blob_that_has_changed_it_is_not_given()
    {
        var seen = (await _blob.GetPropertiesAsync()).Value.ETag;
        await _blob.SetMetadataAsync(new Dictionary<string, string> { ["changed"] = "yes" });

        Assert.Null(await HeldLease.TryAcquireAsync(_blob, _clock, id: null, seen, CancellationToken.None));
        Assert.Null(await HeldLease.TryAcquireAsync(
            _blob.GetParentBlobContainerClient().GetBlobClient("missing"), _clock, id: null, unchangedSince: null, CancellationToken.None));
    }

    [Fact]
    public async Task When_another_has_taken_it_the_holder_learns()
    {
        await using var lease = await AcquireAsync();
        Assert.True(await lease!.EnsureHeldAsync(CancellationToken.None));
        await _blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero);
        await using var other = await AcquireAsync();

        // Time for the next renewal.
        _clock.Advance(HeldLease.Duration / 3 + TimeSpan.FromTicks(1));

        Assert.False(await lease.EnsureHeldAsync(CancellationToken.None));
        Assert.True(lease.Lost.IsCancellationRequested);
        Assert.True(await other!.EnsureHeldAsync(CancellationToken.None));
    }

    private Task<HeldLease?> AcquireAsync(string? id = null) =>
        HeldLease.TryAcquireAsync(_blob, _clock, id, unchangedSince: null, CancellationToken.None);
}
