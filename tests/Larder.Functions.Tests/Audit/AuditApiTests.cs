using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Audit;

[Collection(nameof(SharedLarder))]
public sealed class AuditApiTests(LarderFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task Every_change_of_a_model_is_a_record_with_who_what_when_before_and_after()
    {
        await _client.UploadAsync("audited", OnnxModel.Linear());
        await _client.UploadAsync("audited", OnnxModel.Linear(classes: 4));
        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/audited", """{"model_description":"Petals"}""");
        await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/audited/aliases/champion", """{"version":1}""");
        await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/audited/aliases/champion", """{"version":2}""");
        await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/audited:1");

        var records = await _client.AuditAsync("subject=model:audited");

        Assert.Equal(
            ["delete_version", "set_alias", "set_alias", "update", "publish", "publish"], records.Select(record => (string)record["what"]!));
        Assert.Equal(
            ["model:audited:1", "model:audited:champion", "model:audited:champion", "model:audited", "model:audited:2", "model:audited:1"],
            records.Select(record => (string)record["subject"]!));
        Assert.All(records, record => Assert.Equal("local", (string)record["who"]!));
        Assert.Equal([6, 5, 4, 3, 2, 1], records.Select(record => (int)record["revision"]!));
        Assert.Equal("""{"version":1}""", records[1]["before"]!.ToJsonString());
        Assert.Equal("""{"version":2}""", records[1]["after"]!.ToJsonString());
        Assert.Equal("""{"description":""}""", records[3]["before"]!.ToJsonString());
        Assert.Equal("""{"description":"Petals"}""", records[3]["after"]!.ToJsonString());
        Assert.Null(records[0]["after"]);
        Assert.Equal("model:audited/6", (string)records[0]["id"]!);

        var shown = (await _client.GetJsonAsync("/api/v1/models/audited")).Body["model"]!["audit"]!.AsArray();
        Assert.Equal([6, 5, 4, 3, 2, 1], shown.Select(entry => (int)entry!["revision"]!));
        Assert.Equal((1, 2), ((int)shown[1]!["from"]!, (int)shown[1]!["to"]!));
    }

    [Fact]
    public async Task A_list_can_be_narrowed_and_goes_page_by_page()
    {
        await _client.UploadAsync("pages", OnnxModel.Linear());
        for (var i = 0; i < 5; i++)
            await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/pages", $$"""{"model_description":"{{i}}"}""");
        var all = await _client.AuditAsync("subject=model:pages");

        var paged = await _client.AuditAsync("subject=model:pages", limit: 2);
        var byTime = (await _client.AuditAsync("", limit: 7)).Where(record => ((string)record["subject"]!).StartsWith("model:pages", StringComparison.Ordinal));

        Assert.Equal(6, all.Count);
        Assert.Equal(all.Select(record => (string)record["id"]!), paged.Select(record => (string)record["id"]!));
        Assert.Equal(all.Select(record => (string)record["id"]!), byTime.Select(record => (string)record["id"]!));
        Assert.Equal(["publish"], (await _client.AuditAsync("subject=model:pages:1")).Select(record => (string)record["what"]!));
        Assert.Empty(await _client.AuditAsync("subject=model:pages&actor=unknown"));
        var (from, to) = (((string)all[^1]["when"]!)[..10], ((string)all[0]["when"]!)[..10]);
        Assert.Equal(6, (await _client.AuditAsync($"subject=model:pages&from={from}&to={to}")).Count);
        var third = (string)all[3]["when"]!;
        Assert.Equal(all.Take(4).Select(record => (string)record["id"]!), (await _client.AuditAsync($"subject=model:pages&from={Uri.EscapeDataString(third)}")).Select(record => (string)record["id"]!));
        Assert.Equal(all.Skip(4).Select(record => (string)record["id"]!), (await _client.AuditAsync($"subject=model:pages&to={Uri.EscapeDataString(third)}")).Select(record => (string)record["id"]!));
    }

    [Fact]
    public async Task The_settings_of_the_start_are_a_record_without_any_secret()
    {
        IReadOnlyList<System.Text.Json.Nodes.JsonNode> records = [];
        await Eventually.TrueAsync(async () => (records = await _client.AuditAsync("subject=settings")).Count > 0);

        var record = records[^1];
        Assert.Equal(("deployment", "update", 1), ((string)record["who"]!, (string)record["what"]!, (int)record["revision"]!));
        Assert.Equal("30", (string)record["after"]!["Limits:RunSeconds"]!);
        Assert.Matches(@"^\*\*\* \([0-9a-f]{8}\)$", (string)record["after"]!["AzureWebJobsStorage"]!);
        Assert.DoesNotContain("AccountKey", record.ToJsonString(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("subject=models")]
    [InlineData("subject=model:a%20b")]
    [InlineData("subject=schedule:1")]
    [InlineData("from=yesterday")]
    [InlineData("to=12:00")]
    [InlineData("from=2026-02-01&to=2026-01-01")]
    [InlineData("cursor=x")]
    [InlineData("limit=0")]
    [InlineData("who=ada")]
    [InlineData("actor=a&actor=b")]
    public async Task What_makes_no_sense_is_refused(string query) =>
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _client.GetJsonAsync($"/api/v1/audit?{query}")).Status);

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    public async Task Nobody_can_change_it(string method) =>
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _client.SendJsonAsync(new HttpMethod(method), "/api/v1/audit")).Status);
}
