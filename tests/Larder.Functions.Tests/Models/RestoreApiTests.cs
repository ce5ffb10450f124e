using Larder.Functions.Tests.Audit;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Schedules;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Models;

/// <summary>Deleting what is needed, and restoring what was deleted.</summary>
[Collection(nameof(SharedLarder))]
public sealed class RestoreApiTests(LarderFixture larder)
{
    private const string Row = """{"values":[1,2,3,4]}""";

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_deleted_model_is_listed_and_restored_whole_and_answers_no_prediction_in_between()
    {
        await _client.UploadAsync("back", OnnxModel.Linear());
        await _client.UploadAsync("back", OnnxModel.Linear(classes: 4));
        await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/back/aliases/champion", """{"version":1}""");
        Assert.Equal(200, (await _client.PredictAsync("back", Row)).Code);

        Assert.Equal(200, (await DeleteAsync("back?force=true")).Code);
        foreach (var reference in new[] { "back", "back:1", "back:champion" })
            Assert.Equal(404, (await _client.PredictAsync(reference, Row)).Code);
        var deleted = (await _client.GetJsonAsync("/api/v1/models?deleted=true&detail=true")).Body["models"]!.AsArray().Single(model => (string)model!["name"]! == "back")!;
        Assert.Equal("local", (string)deleted["deletion"]!["who"]!);
        Assert.DoesNotContain((await _client.GetJsonAsync("/api/v1/models")).Body["model_list"]!.AsArray(), name => (string)name! == "back");

        var restored = await RestoreAsync("back");

        Assert.Equal((200, 1), (restored.Code, (int)restored.Body["model"]!["aliases"]!["champion"]!));
        Assert.Null(restored.Body["model"]!["deletion"]);
        Assert.Equal(200, (await _client.PredictAsync("back:champion", Row)).Code);
        Assert.Equal(409, (await RestoreAsync("back")).Code);
        Assert.Equal(404, (await RestoreAsync("back-never")).Code);
        Assert.Equal(["restore_model", "delete_model"], (await _client.AuditAsync("subject=model:back")).Take(2).Select(record => (string)record["what"]!));
    }

    [Fact]
    public async Task An_upload_under_a_deleted_name_is_a_new_model_and_a_purge_is_final()
    {
        await _client.UploadAsync("anew", OnnxModel.Linear());
        await DeleteAsync("anew");
        var again = await _client.UploadAsync("anew", OnnxModel.Linear());
        Assert.Equal(2, (int)again.Body["version"]!["version"]!);
        var refused = await RestoreAsync("anew");
        Assert.Equal(409, refused.Code);
        Assert.Contains("uploaded anew", refused.Description);

        Assert.Equal(200, (await DeleteAsync("anew?purge=true")).Code);
        Assert.Equal(404, (await RestoreAsync("anew")).Code);
        Assert.Equal(3, (int)(await _client.UploadAsync("anew", OnnxModel.Linear())).Body["version"]!["version"]!);
    }

    [Fact]
    public async Task A_version_is_restored_unless_it_is_purged()
    {
        for (var classes = 2; classes <= 4; classes++)
            await _client.UploadAsync("version-back", OnnxModel.Linear(classes: classes));
        await DeleteAsync("version-back:3");
        await DeleteAsync("version-back:2?purge=true");
        Assert.Equal(404, (await _client.PredictAsync("version-back:3", Row)).Code);
        var shown = (await _client.GetJsonAsync("/api/v1/models/version-back")).Body["model"]!["deleted_versions"]!.AsArray();
        Assert.Equal((3, "local"), ((int)Assert.Single(shown)!["version"]!, (string?)shown[0]!["who"]));

        var restored = await RestoreAsync("version-back:3");

        Assert.Equal((200, 3), (restored.Code, (int)restored.Body["model"]!["latest_version"]!));
        Assert.Equal(200, (await _client.PredictAsync("version-back:3", Row)).Code);
        Assert.Equal(404, (await RestoreAsync("version-back:2")).Code);
        Assert.Equal(409, (await RestoreAsync("version-back:3")).Code);
        Assert.Equal(422, (await RestoreAsync("version-back:default")).Code);
        Assert.Equal(422, (await RestoreAsync("version-back:3?force=true")).Code);
    }

    [Fact]
    public async Task The_version_that_the_default_is_set_to_is_deleted_by_force_or_as_default()
    {
        for (var classes = 2; classes <= 4; classes++)
            await _client.UploadAsync("pinned", OnnxModel.Linear(classes: classes));
        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/pinned/default", """{"default":1}""");

        var refused = await DeleteAsync("pinned:1");
        Assert.Equal(409, refused.Code);
        Assert.Contains("default", refused.Description);
        var unpinned = await DeleteAsync("pinned:default");

        Assert.Equal((200, 1, 3), (unpinned.Code, (int)unpinned.Body["previous_default"]!, (int)unpinned.Body["default_version"]!));
        Assert.Null((await _client.GetJsonAsync("/api/v1/models/pinned")).Body["model"]!["default_version"]);
        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/pinned/default", """{"default":2}""");
        Assert.Equal(200, (await DeleteAsync("pinned:2?force=true")).Code);
    }

    [Fact]
    public async Task What_a_schedule_needs_is_deleted_only_by_force()
    {
        await _client.UploadAsync("needed", OnnxModel.Linear());
        await _client.UploadAsync("needed", OnnxModel.Linear(classes: 4));
        var schedule = await _client.ScheduleAsync("""
            {"name": "each night", "cron": "0 0 1 1 *", "job": {"type": "score", "model": "needed", "inputs": {"version": "needed:1", "dataset": "uploads/needed/rows.csv"}}}
            """);
        Assert.True(schedule.Code == 201, schedule.Description);
        var id = (string)schedule.Body["schedule"]!["id"]!;

        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/needed/default", """{"default":1}""");
        foreach (var reference in new[] { "needed:1", "needed:default", "needed" })
        {
            var refused = await DeleteAsync(reference);
            Assert.Equal(409, refused.Code);
            Assert.Contains($"each night ({id})", refused.Description);
        }

        Assert.Equal(200, (await DeleteAsync("needed:2")).Code);
        Assert.Equal(200, (await DeleteAsync("needed?force=true")).Code);
        await _client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/schedules/{id}");
    }

    [Theory]
    [InlineData("refused:champion")]
    [InlineData("refused?forced=true")]
    [InlineData("refused:1?purge=maybe")]
    public async Task A_deletion_that_says_something_else_is_refused_and_deletes_nothing(string request)
    {
        await _client.UploadAsync("refused", OnnxModel.Linear());
        Assert.Equal(422, (await DeleteAsync(request)).Code);
        Assert.Equal(200, (await _client.GetJsonAsync("/api/v1/models/refused:1")).Code);
    }

    private Task<Answer> DeleteAsync(string reference) => _client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/models/{reference}");

    private Task<Answer> RestoreAsync(string reference) =>
        _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{(reference.Contains('?') ? reference.Replace("?", "/restore?") : reference + "/restore")}");
}
