using Larder.Orchestrations.Tests.Schedules;
using Larder.Registry.Audit;
using Larder.Testing;

namespace Larder.Orchestrations.Tests.Backup;

/// <summary>What the audit log says of an import.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class ImportRecordsTests(Azurite azurite)
{
    private const string Id = "0000000000000003";

    [Fact]
    public async Task An_imported_model_and_an_imported_schedule_have_a_record_of_who_did_it()
    {
        using var from = await FilledAsync();
        using var to = Depot.OnBlobs(azurite.NewAccount());

        await to.ImportAsync(await from.ExportAsync());

        var model = Assert.Single(await HistoryAsync(to, "model:Bread"));
        Assert.Equal(("import", "tester"), (model.What, model.Who));
        var schedule = Assert.Single(await HistoryAsync(to, $"schedule:{Id}"));
        Assert.Equal(("import", "tester", 1), (schedule.What, schedule.Who, schedule.Revision));
    }

    [Fact]
    public async Task Records_of_a_schedule_that_was_here_before_go_on()
    {
        using var depot = await FilledAsync();
        var archive = await depot.ExportAsync();
        await depot.Schedules.DeleteAsync(Id, revision: null, "ada", DateTimeOffset.UtcNow);

        await depot.ImportAsync(archive);

        var history = await HistoryAsync(depot, $"schedule:{Id}");
        Assert.Equal([(3, "import", "tester"), (2, "delete", "ada"), (1, "create", "ada")], history.Select(record => (record.Revision, record.What, record.Who)));
    }

    private async Task<Depot> FilledAsync()
    {
        var depot = Depot.OnBlobs(azurite.NewAccount());
        await depot.PublishAsync("Bread", "one");
        await depot.Schedules.CreateAsync(RichRegistry.Schedule(Id, "Bread"), "ada");
        return depot;
    }

    private static async Task<IReadOnlyList<AuditRecord>> HistoryAsync(Depot depot, string subject) =>
        (await new AuditHistory(depot.Documents, depot.Registry, depot.Schedules, depot.Tokens, TimeProvider.System).ListAsync(new AuditFilter { Subject = AuditSubject.Parse(subject) }, 100)).Items;
}
