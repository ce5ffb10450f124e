using System.Text.Json;
using Larder.Inference.Settings;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Testing;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Larder.Registry.Tests.Models;

[Collection(AzuriteCollection.Name)]
public sealed class ModelRegistryTests(Azurite azurite) : IDisposable
{
    private static readonly ModelName Iris = ModelName.Parse("iris");
    private static readonly ModelName Rose = ModelName.Parse("rose");

    private readonly Shop _shop = new(azurite.NewAccount());

    private ModelRegistry Registry => _shop.Registry;

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task What_was_published_is_read_back_whole()
    {
        var request = new PublishRequest
        {
            Source = "upload",
            FileName = @"C:\models\iris.onnx",
            Description = "first try",
            Tags = new Dictionary<string, string> { ["team"] = "plants", ["CamelCase key"] = "ä" },
            ModelDescription = "classifies irises",
            Owner = "ada",
            Actor = "bob",
        };
        var published = await _shop.PublishAsync("iris", "content", request);

        var version = await Registry.GetVersionAsync(Iris, 1);
        Assert.Equal(JsonSerializer.Serialize(published, RegistryJson.Options), JsonSerializer.Serialize(version, RegistryJson.Options));
        Assert.Equal(("iris", 1, ModelVersionStatus.Ready, Shop.Sha256("content"), 7L), (version.Model, version.Version, version.Status, version.Sha256, version.SizeBytes));
        Assert.Equal(("iris.onnx", "first try", "upload", "bob"), (version.FileName, version.Description, version.Source, version.CreatedBy));
        Assert.Equal(request.Tags, version.Tags);
        Assert.Equal(Shop.Description.Opsets, version.Onnx.Opsets);
        Assert.Equal("FP32 [-1,4]", version.Onnx.Signature.Inputs[0].TypeName);

        var model = await Registry.GetAsync(Iris);
        Assert.Equal(("classifies irises", "ada", 1, 1), (model.Description, model.Owner, model.LatestVersion, model.ServedVersion));
        Assert.Null(model.DefaultVersion);
        Assert.Equal(version.Created, model.Created);
        Assert.Contains(model.Audit, entry => entry is { What: "publish", Who: "bob", To: 1 });
    }

    [Fact]
    public async Task A_name_is_compared_case_sensitively()
    {
        await _shop.PublishAsync("Iris", "one");
        await _shop.PublishAsync("iris", "two");

        Assert.Equal(Shop.Sha256("one"), (await Registry.GetVersionAsync(ModelName.Parse("Iris"), 1)).Sha256);
        Assert.Equal(Shop.Sha256("two"), (await Registry.GetVersionAsync(Iris, 1)).Sha256);
    }

    [Fact]
    public async Task What_does_not_exist_is_not_found_and_the_message_says_what()
    {
        await _shop.PublishAsync("iris");

        async Task NotFound(string message, Func<Task> act) => Assert.Equal(message, (await Assert.ThrowsAsync<NotFoundException>(act)).Message);
        await NotFound("There is no model rose.", () => Registry.GetAsync(Rose));
        await NotFound("There is no model rose.", () => Registry.ListVersionsAsync(Rose, 10));
        await NotFound("There is no model rose.", () => Registry.UpdateAsync(Rose, new ModelPatch { Description = "x" }));
        await NotFound("There is no model rose.", () => Registry.DeleteModelAsync(Rose));
        await NotFound("The model iris has no version 2.", () => Registry.GetVersionAsync(Iris, 2));
        await NotFound("The model iris has no version 0.", () => Registry.GetVersionAsync(Iris, 0));
        await NotFound("The model iris has no version 2.", () => Registry.SetAliasAsync(Iris, "champion", 2));
        await NotFound("The model iris has no version 2.", () => Registry.SetDefaultAsync(Iris, 2));
        await NotFound("The model iris has no version 2.", () => Registry.DeleteVersionAsync(Iris, 2));
        await NotFound("The model iris has no alias champion.", () => Registry.DeleteAliasAsync(Iris, "champion"));
        await NotFound("The model iris has no alias champion.", () => Registry.ResolveAsync(ModelReference.Parse("iris:champion")));
    }

    [Fact]
    public async Task An_alias_or_a_limit_that_is_none_is_refused_before_any_io()
    {
        var nowhere = new BlobDocumentStore(BlobClients.Create("UseDevelopmentStorage=true"));
        var dead = new ModelRegistry(nowhere, TimeProvider.System, new AuditLog(nowhere, NullLogger<AuditLog>.Instance));

        async Task Refused(Func<Task> act) => await Assert.ThrowsAsync<InvalidRequestException>(act);
        await Refused(() => dead.SetAliasAsync(Iris, "7", 1));
        await Refused(() => dead.DeleteAliasAsync(Iris, "a b"));
        await Refused(() => dead.ListAsync(0));
        await Refused(() => dead.ListAsync(1001));
    }

    [Fact]
    public async Task Models_are_listed_by_name_page_after_page()
    {
        string[] names = ["iris", "Rose", "iris-2", "iris2", "a", "iris.2", "z"];
        foreach (var name in names)
            await _shop.PublishAsync(name);
        await Registry.DeleteModelAsync(ModelName.Parse("iris2"));

        var listed = new List<string>();
        string? cursor = null;
        do
        {
            var page = await Registry.ListAsync(2, cursor);
            Assert.InRange(page.Items.Count, 1, 2);
            listed.AddRange(page.Items.Select(model => model.Name.ToString()));
            cursor = page.Cursor;
        }
        while (cursor is not null);

        Assert.Equal(names.Where(name => name != "iris2").Order(StringComparer.Ordinal), listed);
    }

    [Fact]
    public async Task Versions_are_listed_by_number_page_after_page()
    {
        for (var i = 1; i <= 12; i++)
            await _shop.PublishAsync("iris", $"{i}");
        await Registry.DeleteVersionAsync(Iris, 10);

        var first = await Registry.ListVersionsAsync(Iris, 7);
        var second = await Registry.ListVersionsAsync(Iris, 7, first.Cursor);

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12], first.Items.Concat(second.Items).Select(v => v.Version));
        Assert.Null(second.Cursor);
    }

    [Fact]
    public async Task A_cursor_of_another_kind_is_refused()
    {
        await _shop.PublishAsync("iris");
        await Assert.ThrowsAsync<InvalidRequestException>(() => Registry.ListAsync(10, "nonsense"));
        await Assert.ThrowsAsync<InvalidRequestException>(() => Registry.ListVersionsAsync(Iris, 10, "nonsense"));
    }

    [Fact]
    public async Task An_update_changes_what_it_names_and_nothing_else()
    {
        await _shop.PublishAsync("iris", request: new PublishRequest { Source = "upload", ModelDescription = "old", Owner = "ada" });
        await Registry.UpdateAsync(Iris, new ModelPatch { Tags = new Dictionary<string, string?> { ["a"] = "1", ["b"] = "2" } });

        var settings = new ModelSettings { Session = new SessionSettings { IntraOpThreads = 2 } };
        var model = await Registry.UpdateAsync(
            Iris,
            new ModelPatch { Tags = new Dictionary<string, string?> { ["b"] = null, ["c"] = "3", ["never"] = null }, Settings = settings },
            actor: "bob");

        Assert.Equal(("old", "ada"), (model.Description, model.Owner));
        Assert.Equal(new Dictionary<string, string> { ["a"] = "1", ["c"] = "3" }, model.Tags);
        Assert.Equal(2, model.Settings.Session.IntraOpThreads);
        Assert.Equal(64, model.Settings.Batching.MaxRows);
        Assert.Contains(model.Audit, entry => entry is { What: "update", Who: "bob" });

        var emptied = await Registry.UpdateAsync(Iris, new ModelPatch { Description = "", Owner = "" });
        Assert.Equal(("", null), (emptied.Description, emptied.Owner));
        Assert.Equal(emptied.ETag, (await Registry.GetAsync(Iris)).ETag);
    }

    [Fact]
    public async Task An_update_of_nothing_writes_nothing()
    {
        await _shop.PublishAsync("iris");
        var before = await Registry.GetAsync(Iris);
        var after = await Registry.UpdateAsync(Iris, new ModelPatch());
        Assert.Equal(before.ETag, after.ETag);
    }

    [Fact]
    public async Task Settings_and_texts_out_of_range_are_refused()
    {
        await _shop.PublishAsync("iris");
        ModelPatch[] patches =
        [
            new() { Settings = new ModelSettings { Session = new SessionSettings { IntraOpThreads = 0 } } },
            new() { Settings = new ModelSettings { Session = new SessionSettings { Optimization = "most" } } },
            new() { Settings = new ModelSettings { Batching = new BatchingSettings { MaxRows = 0 } } },
            new() { Settings = new ModelSettings { Image = new ImageSettings { Std = [0] } } },
            new() { Settings = JsonSerializer.Deserialize<ModelSettings>("""{"image":null}""", RegistryJson.Options) },
            new() { Description = new string('x', 32_769) },
            new() { Owner = new string('x', 257) },
            new() { Tags = new Dictionary<string, string?> { [""] = "x" } },
            new() { Tags = new Dictionary<string, string?> { ["a\nb"] = "x" } },
            new() { Tags = new Dictionary<string, string?> { [new string('x', 251)] = "x" } },
            new() { Tags = new Dictionary<string, string?> { ["x"] = new string('x', 5_001) } },
            new() { Tags = Enumerable.Range(0, 101).ToDictionary(i => $"{i}", i => (string?)"x") },
            new() { Tags = Enumerable.Range(0, 14).ToDictionary(i => $"{i}", i => (string?)new string('x', 5_000)) },
        ];
        var before = await Registry.GetAsync(Iris);

        foreach (var patch in patches)
            await Assert.ThrowsAsync<InvalidRequestException>(() => Registry.UpdateAsync(Iris, patch));

        Assert.Equal(before.ETag, (await Registry.GetAsync(Iris)).ETag);
    }

    [Fact]
    public async Task Tags_added_one_by_one_have_the_same_limit()
    {
        await _shop.PublishAsync("iris");
        await Registry.UpdateAsync(Iris, new ModelPatch { Tags = Enumerable.Range(0, 100).ToDictionary(i => $"{i}", i => (string?)"x") });
        await Assert.ThrowsAsync<InvalidRequestException>(
            () => Registry.UpdateAsync(Iris, new ModelPatch { Tags = new Dictionary<string, string?> { ["one more"] = "x" } }));
    }

    [Fact]
    public async Task Every_edit_with_an_outdated_etag_is_refused_and_changes_nothing()
    {
        await _shop.PublishAsync("iris", "1");
        await _shop.PublishAsync("iris", "2");
        await Registry.SetAliasAsync(Iris, "champion", 1);
        var read = await Registry.GetAsync(Iris);
        var now = await Registry.UpdateAsync(Iris, new ModelPatch { Description = "changed" });

        async Task Refused(Func<string, Task> act) => await Assert.ThrowsAsync<PreconditionFailedException>(() => act(read.ETag));
        await Refused(etag => Registry.UpdateAsync(Iris, new ModelPatch { Description = "lost" }, etag));
        await Refused(etag => Registry.SetAliasAsync(Iris, "champion", 2, etag));
        await Refused(etag => Registry.DeleteAliasAsync(Iris, "champion", etag));
        await Refused(etag => Registry.SetDefaultAsync(Iris, 1, etag));
        await Refused(etag => Registry.DeleteVersionAsync(Iris, 2, ifMatch: etag));
        await Refused(etag => Registry.DeleteModelAsync(Iris, force: true, ifMatch: etag));

        Assert.Equal(now.ETag, (await Registry.GetAsync(Iris)).ETag);
        await Registry.UpdateAsync(Iris, new ModelPatch { Description = "kept" }, now.ETag);
        await Registry.UpdateAsync(Iris, new ModelPatch { Owner = "ada" }, "*");
        Assert.Equal("kept", (await Registry.GetAsync(Iris)).Description);
    }

    [Fact]
    public async Task Of_many_edits_with_one_etag_one_succeeds()
    {
        await _shop.PublishAsync("iris");
        var read = await Registry.GetAsync(Iris);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            try
            {
                return (await Registry.UpdateAsync(Iris, new ModelPatch { Description = $"{i}" }, read.ETag)).Description;
            }
            catch (PreconditionFailedException)
            {
                return null;
            }
        }));

        Assert.Equal(Assert.Single(outcomes, outcome => outcome is not null), (await Registry.GetAsync(Iris)).Description);
    }

    [Fact]
    public async Task Concurrent_edits_without_an_etag_all_arrive()
    {
        await _shop.PublishAsync("iris");

        await Task.WhenAll(Enumerable.Range(0, 24).Select(i =>
            Registry.UpdateAsync(Iris, new ModelPatch { Tags = new Dictionary<string, string?> { [$"{i}"] = "x" } })));

        Assert.Equal(24, (await Registry.GetAsync(Iris)).Tags.Count);
    }

    [Fact]
    public async Task The_audit_list_keeps_the_newest_hundred()
    {
        await _shop.PublishAsync("iris");
        for (var i = 0; i < 105; i++)
            await Registry.UpdateAsync(Iris, new ModelPatch { Description = $"{i}" }, actor: $"{i}");

        var audit = (await Registry.GetAsync(Iris)).Audit;

        Assert.Equal(Enumerable.Range(5, 100).Reverse().Select(i => $"{i}"), audit.Select(entry => entry.Who));
    }

    [Fact]
    public async Task Every_write_is_announced()
    {
        var names = new List<ModelName>();
        Registry.Changed += names.Add;

        await _shop.PublishAsync("iris");
        Assert.Contains(Iris, names);
        names.Clear();
        await Registry.SetDefaultAsync(Iris, 1);
        Assert.Equal([Iris], names);
    }

    [Fact]
    public async Task A_document_from_before_a_setting_existed_gets_the_default_of_that_setting()
    {
        var settings = JsonSerializer.Deserialize<ModelSettings>("""{"session":{"intra_op_threads":2}}""", RegistryJson.Options)!;
        Assert.Equal(64, settings.Batching.MaxRows);
        Assert.Equal("all", settings.Session.Optimization);
        await Registry.PingAsync();
    }
}
