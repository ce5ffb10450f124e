using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Tests.Testing;
using Larder.Registry.Webhooks;
using Larder.Testing;

namespace Larder.Registry.Tests.Webhooks;

/// <summary>
/// A host crashes at every single storage call of a change, before the call or after it. A change that happened has exactly one delivery, which is due, as soon as another server
/// looks for what a crash left; one that did not has none.
/// </summary>
public sealed class EventCrashTests(Azurite azurite) : IClassFixture<Azurite>
{
    private const int MostCalls = 40;

    private static readonly ModelName Iris = ModelName.Parse("iris");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Publishing(bool afterwards) => AtEveryCallAsync(
        afterwards,
        WebhookEvents.VersionCreated,
        shop => shop.PublishAsync("iris", "1"),
        host => host.PublishAsync("iris", "2"),
        async shop => (await shop.VersionsAsync("iris")).Contains(2));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Moving_an_alias(bool afterwards) => AtEveryCallAsync(
        afterwards,
        WebhookEvents.AliasCreated,
        shop => shop.PublishAsync("iris", "1"),
        host => host.Registry.SetAliasAsync(Iris, "champion", 1),
        async shop => (await shop.Registry.GetAsync(Iris)).Target("champion") == 1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Ending_a_job(bool afterwards) => AtEveryCallAsync(
        afterwards,
        WebhookEvents.JobEnded,
        shop => shop.Jobs.CreateAsync(new Job { Id = JobId.Create(shop.Time.GetUtcNow(), "bread"), Type = "train", State = JobState.Running, Model = "iris", Created = shop.Time.GetUtcNow() }),
        EndAsync,
        async shop => await shop.Jobs.ScanAsync().FirstAsync() is { IsFinal: true });

    private static async Task EndAsync(Shop host)
    {
        var job = await host.Jobs.ScanAsync().FirstAsync();
        await host.Jobs.UpdateAsync(job.Id, read => read with { State = JobState.Succeeded, Finished = host.Time.GetUtcNow() });
    }

    private async Task AtEveryCallAsync(bool afterwards, string name, Func<Shop, Task> prepare, Func<Shop, Task> change, Func<Shop, Task<bool>> isDone)
    {
        for (var call = 1; call <= MostCalls; call++)
        {
            var account = azurite.NewAccount();
            var time = new ManualTime();
            using var shop = Host(account, time);
            await prepare(shop);
            var webhook = await shop.Webhooks.CreateAsync(new WebhookPatch("hook", "https://receiver.example", [WebhookEvent.Of(name)], null, null, null), "ada");
            var life = new CrashPoint(call, afterwards);
            using (var dying = Host(account, time, life))
            {
                try
                {
                    await change(dying);
                }
                catch (CrashPoint.DeadException)
                {
                    Assert.True(life.IsCrashed);
                }
            }

            using var other = Host(account, time);
            await other.Recovery.RunAsync();
            var expected = await isDone(other) ? 1 : 0;
            Assert.Equal(expected, (await other.Deliveries.ListAsync(webhook.Id, 10)).Items.Count);
            time.Advance(TimeSpan.FromMinutes(2));
            Assert.Equal(expected, await other.Deliveries.DueAsync().CountAsync());
            await other.Recovery.RunAsync();
            using var third = Host(account, time);
            await third.Recovery.RunAsync();
            Assert.Equal(expected, (await other.Deliveries.ListAsync(webhook.Id, 10)).Items.Count);
            if (!life.IsCrashed)
            {
                Assert.True(call > 3 && expected == 1);
                return;
            }
        }

        Assert.Fail($"The change makes more than {MostCalls} storage calls.");
    }

    private static Shop Host(string account, ManualTime time, CrashPoint? life = null) => new(
        account,
        time,
        documents: store => life is null ? store : new CrashingDocumentStore(store, life),
        artifacts: store => life is null ? store : new CrashingArtifactStore(store, life),
        webhooks: new WebhookOptions());
}
