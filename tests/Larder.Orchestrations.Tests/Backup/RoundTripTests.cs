using System.Text;
using System.Text.Json.Nodes;
using Larder.Orchestrations.Tests.Schedules;
using Larder.Registry.Backup;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Testing;

namespace Larder.Orchestrations.Tests.Backup;

[Collection(AzuriteCollection.Name)]
public sealed class RoundTripTests(Azurite azurite)
{
    private static readonly ModelName Bread = ModelName.Parse("Bread");

    [Fact]
    public async Task A_registry_goes_from_blobs_to_Cosmos_DB_and_back_and_is_the_same_byte_for_byte()
    {
        await using var server = await CosmosServer.StartAsync();
        using var blobs = Depot.OnBlobs(azurite.NewAccount());
        using var cosmos = await Depot.OnCosmosAsync(azurite.NewAccount(), server);
        using var back = Depot.OnBlobs(azurite.NewAccount());
        await RichRegistry.FillAsync(blobs);

        var first = await blobs.ExportAsync();
        var imported = await cosmos.ImportAsync(first);
        var second = await cosmos.ExportAsync();
        await back.ImportAsync(second);
        var third = await back.ExportAsync();

        Assert.All(imported, item => Assert.Equal(ImportOutcome.Created, item.Outcome));
        Assert.Equal(RichRegistry.Models + 2, imported.Count);
        Assert.Equal(ZipEditing.Files(first).Keys, ZipEditing.Files(second).Keys);
        foreach (var (name, content) in ZipEditing.Files(first))
            Assert.Equal(Encoding.UTF8.GetString(content), Encoding.UTF8.GetString(ZipEditing.Files(second)[name]));
        Assert.Equal(first, second);
        Assert.Equal(first, third);
        Assert.Equal(first, await blobs.ExportAsync());
    }

    [Fact]
    public async Task A_model_of_several_files_goes_with_all_of_them_and_a_file_that_is_another_is_refused()
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        using var to = Depot.OnBlobs(azurite.NewAccount());
        var version = await from.PublishWithDataAsync("torch", "graph", "weights");
        await from.PublishWithDataAsync("torch", "graph", "other weights");

        var archive = await from.ExportAsync();
        await to.ImportAsync(archive);

        Assert.Equal(3, ZipEditing.Files(archive).Keys.Count(name => name.StartsWith("artifacts/")));
        var imported = await to.Registry.GetVersionAsync(ModelName.Parse("torch"), 1);
        Assert.Equal((version.Sha256, version.SizeBytes), (imported.Sha256, imported.SizeBytes));
        Assert.Equal(version.Manifest, imported.Manifest);
        Assert.Equal(10, imported.Onnx.Signature.Inputs[0].Shape![1]);
        Assert.Equal(archive, await to.ExportAsync());

        var spoilt = ZipEditing.Edit(archive, files => files.Replace("models/torch/versions/1.json", "model.onnx.data", "model.onnx.date"));
        using var other = Depot.OnBlobs(azurite.NewAccount());
        var refusal = await Assert.ThrowsAsync<InvalidRequestException>(() => other.ImportAsync(spoilt));
        Assert.Contains("its manifest is none, or not the one of its sha256", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_goes_with_all_its_files_and_one_of_another_framework_takes_no_predictions_there_either()
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        using var to = Depot.OnBlobs(azurite.NewAccount());
        var served = await from.PublishFolderAsync("torch", ("MLmodel", "flavors: {onnx: {data: model.onnx}}"), ("model.onnx", "onnx graph"), ("code/__init__.py", ""));
        var kept = await from.PublishFolderAsync("torch", ("MLmodel", "flavors: {sklearn: {pickled_model: model.pkl}}"), ("model.pkl", "pickle"));

        var archive = await from.ExportAsync();
        await to.ImportAsync(archive);

        Assert.Equal(archive, await to.ExportAsync());
        var torch = ModelName.Parse("torch");
        foreach (var (version, isServed) in new[] { (served, true), (kept, false) })
        {
            var imported = await to.Registry.GetVersionAsync(torch, version.Version);
            Assert.Equal((version.Sha256, version.SizeBytes, "1", isServed), (imported.Sha256, imported.SizeBytes, imported.Run, imported.IsServable));
            Assert.Equal(version.Folder, imported.Folder);
            Assert.Equal(0, (await to.Sweeper.RunAsync(DateTimeOffset.UtcNow.AddDays(3))).Artifacts);
            foreach (var file in imported.Folder!)
                Assert.NotNull(await to.Artifacts.GetPropertiesAsync(file.Sha256));
        }
        Assert.Equal(1, (await to.Registry.ResolveAsync(new ModelReference(torch))).Version.Version);
        Assert.Equal("sklearn", (await to.Registry.GetVersionAsync(torch, 2)).Onnx.Producer);

        // Once the model is gone for good, its files go.
        await to.Registry.DeleteModelAsync(torch, force: true, purge: true);
        Assert.Equal(5, (await to.Sweeper.RunAsync(DateTimeOffset.UtcNow.AddDays(3))).Artifacts);

        var spoilt = ZipEditing.Edit(archive, files => files.Replace("models/torch/versions/1.json", "code/__init__.py", "../__init__.py"));
        using var other = Depot.OnBlobs(azurite.NewAccount());
        var refusal = await Assert.ThrowsAsync<InvalidRequestException>(() => other.ImportAsync(spoilt));
        Assert.Contains("its folder has a file with no path, hash or size that can be", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_is_for_people_to_read_and_says_what_it_has()
    {
        using var depot = Depot.OnBlobs(azurite.NewAccount());
        await RichRegistry.FillAsync(depot);

        var files = ZipEditing.Files(await depot.ExportAsync());

        var manifest = JsonNode.Parse(files["larder-export.json"])!;
        Assert.Equal("larder-export", (string?)manifest["format"]);
        Assert.Equal(RichRegistry.Models - 1, (int)manifest["contents"]!["models"]!);
        Assert.Equal(1, (int)manifest["contents"]!["deleted_models"]!);
        Assert.Equal(2, (int)manifest["contents"]!["deleted_versions"]!);
        Assert.Equal(2, (int)manifest["contents"]!["schedules"]!);
        Assert.Equal(files.Keys.Count(name => name.StartsWith("artifacts/")), (int)manifest["contents"]!["artifacts"]!);
        Assert.Equal("larder-export.json", files.Keys.Last());
        Assert.Contains("models/Bread/versions/4.json", files.Keys);
        Assert.Contains("Erste", Encoding.UTF8.GetString(files["models/Bread/versions/1.json"]));
        // What sha256sum -c would find.
        foreach (var line in Encoding.UTF8.GetString(files["SHA256SUMS"]).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Assert.Equal(line[..64], Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(files[line[66..]])));
        // Nothing of what schedules have run, which would change from hour to hour.
        Assert.DoesNotContain("progress", Encoding.UTF8.GetString(files["schedules/0000000000000001.json"]));
    }

    [Fact]
    public async Task What_is_imported_resolves_as_it_did_and_numbers_go_on()
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        using var to = Depot.OnBlobs(azurite.NewAccount());
        await RichRegistry.FillAsync(from);

        await to.ImportAsync(await from.ExportAsync());

        Assert.Equal(2, (await to.Registry.ResolveAsync(ModelReference.Parse("Bread:champion"))).Version.Version);
        Assert.Equal(1, (await to.Registry.ResolveAsync(ModelReference.Parse("Bread"))).Version.Version);
        await Assert.ThrowsAsync<NotFoundException>(() => to.Registry.GetVersionAsync(Bread, 4));
        await Assert.ThrowsAsync<NotFoundException>(() => to.Registry.GetAsync(ModelName.Parse("gone")));
        Assert.Equal(6, (await to.PublishAsync("Bread", "six")).Version);
        Assert.Equal(3, (await to.PublishAsync("gone", "three")).Version);
        Assert.Equal(3, (await to.PublishAsync("phoenix", "three")).Version);
        Assert.Equal(2, (await to.PublishAsync("empty", "two")).Version);
        await using var content = await to.Artifacts.OpenReadAsync((await to.Registry.GetVersionAsync(ModelName.Parse("many-4"), 1)).Sha256);
        Assert.Equal("onnx shared", await new StreamReader(content!).ReadToEndAsync());
    }

    [Fact]
    public async Task Importing_again_changes_nothing()
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        using var to = Depot.OnBlobs(azurite.NewAccount());
        await RichRegistry.FillAsync(from);
        var archive = await from.ExportAsync();
        await to.ImportAsync(archive);

        var again = await to.ImportAsync(archive, job: "7zzr2x0k9ab3cdeg");

        Assert.All(again, item => Assert.Equal(ImportOutcome.Unchanged, item.Outcome));
        Assert.Equal(archive, await to.ExportAsync());
        Assert.All(await from.ImportAsync(archive), item => Assert.Equal(ImportOutcome.Unchanged, item.Outcome));
    }

    [Fact]
    public async Task Some_models_can_be_exported_and_some_imported()
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        using var to = Depot.OnBlobs(azurite.NewAccount());
        await RichRegistry.FillAsync(from);

        var files = ZipEditing.Files(await from.ExportAsync(true, "many-1*", "phoenix")).Keys;
        var imported = await to.ImportAsync(await from.ExportAsync(), Depot.Everything with { Models = new NamePatterns(["Bread", "bread."]) });

        Assert.Equal(
            ["many-1", "many-1-more", "many-10", "many-11", "many-12", "many-13", "many-14", "many-15", "many-16", "many-17", "many-18", "many-19", "phoenix"],
            files.Where(name => name.EndsWith("/model.json")).Select(name => name.Split('/')[1]));
        Assert.Equal(["schedules/0000000000000001.json"], files.Where(name => name.StartsWith("schedules/")));
        Assert.Equal(["Bread", "bread.", "0000000000000002"], imported.Select(item => item.Name));
        await Assert.ThrowsAsync<NotFoundException>(() => from.ExportAsync(true, "typo"));
        var whole = await from.ExportAsync();
        await Assert.ThrowsAsync<InvalidRequestException>(() => to.PlanAsync(whole, Depot.Everything with { Models = new NamePatterns(["typo"]) }));
        await Assert.ThrowsAsync<InvalidRequestException>(() => from.ExportAsync(true, "../*"));
    }

    [Fact]
    public async Task Without_artifacts_an_archive_can_be_imported_where_they_are()
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        using var elsewhere = Depot.OnBlobs(azurite.NewAccount());
        await RichRegistry.FillAsync(from);
        var archive = await from.ExportAsync(includeArtifacts: false);

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => elsewhere.PlanAsync(archive));

        Assert.Contains("names, and it is not stored here", refused.Message);
        Assert.DoesNotContain(ZipEditing.Files(archive).Keys, name => name.StartsWith("artifacts/"));
        // A backup of a model that is deleted, whose artifact is not collected yet.
        await from.Registry.DeleteModelAsync(Bread, force: true);
        await from.ImportAsync(archive, Depot.Everything with { Models = new NamePatterns(["Bread"]), RestoreDeleted = true });
        Assert.Equal(2, (await from.Registry.ResolveAsync(ModelReference.Parse("Bread:champion"))).Version.Version);
    }

    [Fact]
    public async Task Other_content_refuses_everything_or_is_skipped()
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        using var to = Depot.OnBlobs(azurite.NewAccount());
        await RichRegistry.FillAsync(from);
        await to.PublishAsync("many-3", "another");
        var archive = await from.ExportAsync();

        var refused = await Assert.ThrowsAsync<ConflictException>(() => to.PlanAsync(archive));
        var imported = await to.ImportAsync(archive, Depot.Everything with { SkipConflicts = true });

        Assert.Contains("many-3: it exists here with other content", refused.Message);
        var skipped = Assert.Single(imported, item => item.Outcome != ImportOutcome.Created);
        Assert.Equal(("many-3", ImportOutcome.Skipped), (skipped.Name, skipped.Outcome));
        Assert.Single((await to.Registry.ListVersionsAsync(ModelName.Parse("many-3"), 10)).Items);
        Assert.Equal(2, (await to.Registry.ResolveAsync(ModelReference.Parse("Bread:champion"))).Version.Version);
    }

    [Fact]
    public async Task A_deleted_model_comes_back_when_that_is_asked_for_and_its_numbers_are_not_given_twice()
    {
        using var depot = Depot.OnBlobs(azurite.NewAccount());
        await RichRegistry.FillAsync(depot);
        var archive = await depot.ExportAsync();
        await depot.PublishAsync("Bread", "six, which the archive does not know");
        await depot.PublishAsync("Bread", "seven");
        await depot.Registry.DeleteModelAsync(Bread, force: true);

        var refused = await Assert.ThrowsAsync<ConflictException>(() => depot.PlanAsync(archive));
        var restored = await depot.ImportAsync(archive, Depot.Everything with { RestoreDeleted = true });
        var again = await depot.ImportAsync(archive, Depot.Everything with { RestoreDeleted = true }, job: "7zzr2x0k9ab3cdeg");

        Assert.Contains("Bread: it was deleted here", refused.Message);
        Assert.Equal(ImportOutcome.Restored, Assert.Single(restored, item => item.Name == "Bread").Outcome);
        Assert.All(again, item => Assert.Equal(ImportOutcome.Unchanged, item.Outcome));
        Assert.Equal([1, 2, 3, 5], (await depot.Registry.ListVersionsAsync(Bread, 10)).Items.Select(version => version.Version));
        Assert.Equal(8, (await depot.PublishAsync("Bread", "eight")).Version);
    }

    [Fact]
    public async Task Schedules_are_exported_without_their_secrets()
    {
        using var depot = Depot.OnBlobs(azurite.NewAccount());
        await depot.PublishAsync("Bread", "one");
        var schedule = RichRegistry.Schedule("0000000000000003", "Bread") with { Secrets = new Dictionary<string, string> { ["TOKEN"] = "s3cr3t" } };
        await depot.Schedules.CreateAsync(schedule, "tester");

        var text = Encoding.UTF8.GetString(ZipEditing.Files(await depot.ExportAsync())["schedules/0000000000000003.json"]);

        Assert.Contains("TOKEN", text);
        Assert.DoesNotContain("s3cr3t", Encoding.UTF8.GetString(await depot.ExportAsync()));
    }
}
