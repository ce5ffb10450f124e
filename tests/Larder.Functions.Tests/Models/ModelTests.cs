using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Models;

[Collection(nameof(SharedLarder))]
public sealed class ModelTests(LarderFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task The_list_pages_through_every_name_once()
    {
        foreach (var name in new[] { "list-a", "list-b", "list-c" })
            await _client.UploadAsync(name, OnnxModel.Linear());

        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await _client.GetJsonAsync($"/api/v1/models?limit=2{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}");
            Assert.Equal(HttpStatusCode.OK, page.Status);
            var list = page.Body["model_list"]!.AsArray();
            Assert.InRange(list.Count, 0, 2);
            names.AddRange(list.Select(name => (string)name!));
            cursor = (string?)page.Body["next_cursor"];
        }
        while (cursor is not null);

        Assert.Equal(names.Distinct().Count(), names.Count);
        Assert.All(["list-a", "list-b", "list-c"], name => Assert.Contains(name, names));
    }

    [Fact]
    public async Task The_detailed_list_holds_objects()
    {
        await _client.UploadAsync("list-detail", OnnxModel.Linear(), "m.onnx", ("model_description", "seen in the list"));

        var answer = await _client.GetJsonAsync("/api/v1/models?detail=true");

        var model = answer.Body["models"]!.AsArray().Single(m => (string)m!["name"]! == "list-detail")!;
        Assert.Equal("seen in the list", (string)model["description"]!);
        Assert.Equal(1, (int)model["latest_version"]!);
    }

    [Fact]
    public async Task The_list_is_narrowed_by_owner_and_tags()
    {
        foreach (var (name, edit) in new[]
        {
            ("list-fit", """{"owner":"list-ada","tags":{"list-team":"a:b","list-live":"yes"}}"""),
            ("list-team", """{"owner":"list-bob","tags":{"list-team":"a:b"}}"""),
        })
        {
            await _client.UploadAsync(name, OnnxModel.Linear());
            await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{name}", edit);
        }

        Assert.Equal(["list-fit"], await NamesAsync("owner=list-ada"));
        Assert.Equal(["list-fit", "list-team"], await NamesAsync("owner=list-ada&owner=list-bob"));
        Assert.Equal(["list-fit", "list-team"], await NamesAsync("tag=list-team:a:b"));
        Assert.Equal(["list-fit"], await NamesAsync("tag=list-team&tag=list-live:yes"));
        Assert.Empty(await NamesAsync("tag=list-team:a"));
        Assert.Empty(await NamesAsync("owner=list-bob&tag=list-live"));
        Assert.Equal("list-team", (string)Assert.Single((await _client.GetJsonAsync("/api/v1/models/information?owner=list-bob")).Body["models"]!.AsArray())!["name"]!);

        async Task<IEnumerable<string>> NamesAsync(string query) =>
            (await _client.GetJsonAsync($"/api/v1/models?{query}")).Body["model_list"]!.AsArray().Select(name => (string)name!);
    }

    [Theory]
    [InlineData("/api/v1/models?ownr=ada", "'ownr' is not known here; owner, tag, detail, deleted, limit, cursor are")]
    [InlineData("/api/v1/models?filter=owner='ada'", "The parameter filter is reserved")]
    [InlineData("/api/v1/models/information?type=onnx", "'type'")]
    [InlineData("/api/v1/models/any?verson=3", "'verson'")]
    [InlineData("/api/v1/jobs?filter=x", "The parameter filter is reserved")]
    [InlineData("/api/v1/audit?owner=ada", "subject, actor, from, to, limit, cursor are")]
    [InlineData("/api/v1/datasets?tag=a", "'tag'")]
    public async Task A_parameter_that_a_list_does_not_take_is_422_that_names_it(string path, string says)
    {
        var answer = await _client.GetJsonAsync(path);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains(says, answer.Description);
    }

    [Theory]
    [InlineData("?limit=0")]
    [InlineData("?limit=x")]
    [InlineData("?limit=99999999999")]
    [InlineData("?cursor=nonsense!")]
    [InlineData("?detail=maybe")]
    public async Task A_wrong_page_request_is_422(string query)
    {
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _client.GetJsonAsync($"/api/v1/models{query}")).Status);
    }

    [Fact]
    public async Task Information_answers_the_contract_and_more()
    {
        await _client.UploadAsync("info", OnnxModel.ZipMap());

        foreach (var path in new[] { "/api/v1/models/info", "/api/v1/models/info/information", "/api/v1/models/info:1", "/api/v1/models/info:default/information" })
        {
            var body = (await _client.GetJsonAsync(path)).Body;
            Assert.Equal("float_input", (string)body["input_name"]!);
            Assert.Equal("[-1,4]", body["num_inputs"]!.ToJsonString());
            Assert.Equal("output_label", (string)body["output_name"]!);
            Assert.Equal("onnx", (string)body["model_type"]!);
            Assert.Equal("sequence", (string)body["version"]!["signature"]!["outputs"]![1]!["kind"]!);
            Assert.Equal(1, (int)body["versions"]![0]!["version"]!);
        }
        var all = await _client.GetJsonAsync("/api/v1/models/information");
        Assert.Contains(all.Body["models"]!.AsArray(), m => (string)m!["name"]! == "info" && (string)m["input_name"]! == "float_input");
    }

    [Fact]
    public async Task What_is_not_there_is_404_with_a_sentence()
    {
        await _client.UploadAsync("there", OnnxModel.Linear());

        foreach (var path in new[] { "nowhere", "there:2", "there:champion", "nowhere/information", "there:9/download" })
        {
            var answer = await _client.GetJsonAsync($"/api/v1/models/{path}");
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            Assert.Contains(path.Split('/', ':')[0], answer.Description);
        }
    }

    [Fact]
    public async Task A_form_that_is_posted_is_an_upload_as_MLBuffet_s_clients_send_it()
    {
        for (var version = 1; version <= 2; version++)
        {
            using var form = new MultipartFormDataContent
            {
                { new ByteArrayContent(OnnxModel.Linear()), "path", "iris.onnx" },
                { new StringContent($"onnxruntime==1.{version}.0"), "library_version" },
                { new StringContent("Three species."), "model_description" },
            };
            var uploaded = await _client.PostAsync("/api/v1/models/buffet", form).ReadAnswerAsync();
            Assert.Equal((HttpStatusCode.Created, 201, version), (uploaded.Status, uploaded.Code, (int)uploaded.Body["version"]!["version"]!));
        }
        using var twice = new MultipartFormDataContent { { new ByteArrayContent(OnnxModel.Linear()), "path", "a.onnx" }, { new StringContent("a"), "library_version" }, { new StringContent("""{"library_version":"b"}"""), "tags" } };
        var refused = await _client.PostAsync("/api/v1/models/buffet", twice).ReadAnswerAsync();

        var information = (await _client.GetJsonAsync("/api/v1/models/buffet/information")).Body;

        Assert.Equal("library_version is given as a field and as a tag; once is enough.", refused.Description);
        Assert.Equal(("Three species.", 2), ((string?)information["description"], (int)information["default_version"]!));
        var first = information["tag_list_versions"]!["1"]!;
        Assert.Equal(("/api/v1/models/buffet:1/download", "iris.onnx", "onnxruntime==1.1.0"), ((string?)first["path"], (string?)first["file"], (string?)first["ml_library"]));
        Assert.Matches(@"^\d\d:\d\d:\d\d \d\d/\d\d/20\d\d$", (string?)first["time"]);
        Assert.Equal("onnxruntime==1.2.0", (string?)information["version"]!["tags"]!["library_version"]);
    }

    [Fact]
    public async Task Description_tags_and_settings_are_edited_with_an_etag()
    {
        await _client.UploadAsync("edit", OnnxModel.Identity(Larder.Inference.Signatures.Datatype.Fp32, 1, 3, 8, 8));
        var before = await _client.GetJsonAsync("/api/v1/models/edit");
        var etag = before.Headers.ETag!.Tag;

        var edited = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/edit",
            """{"model_description":"new","tags":{"a":"b"},"settings":{"batching":{"enabled":false},"image":{"scale":0.5}}}""", ("If-Match", etag));
        var again = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/edit", """{"model_description":"lost"}""", ("If-Match", etag));

        Assert.Equal(HttpStatusCode.OK, edited.Status);
        Assert.NotEqual(etag, edited.Headers.ETag!.Tag);
        Assert.Equal(HttpStatusCode.PreconditionFailed, again.Status);
        var model = (await _client.GetJsonAsync("/api/v1/models/edit")).Body["model"]!;
        Assert.Equal("new", (string)model["description"]!);
        Assert.Equal("b", (string)model["tags"]!["a"]!);
        Assert.False((bool)model["settings"]!["batching"]!["enabled"]!);
        Assert.Equal(0.5, (double)model["settings"]!["image"]!["scale"]!);
    }

    [Theory]
    [InlineData("", "No json data provided {model_description:string}")]
    [InlineData("{}", "No model_description provided")]
    [InlineData("""{"model_description": 7}""", null)]
    [InlineData("""{"model_description": "x", "typo": 1}""", null)]
    [InlineData("""{"settings": {"image": {"std": [0]}}}""", null)]
    [InlineData("""{"settings": {"session": {"optimization": "warp"}}}""", null)]
    [InlineData("""{"settings": {"batching": {"max_rows": -1}}}""", null)]
    [InlineData("[1]", null)]
    [InlineData("{", null)]
    public async Task A_wrong_edit_is_422_and_changes_nothing(string body, string? description)
    {
        await _client.UploadAsync("wrong-edit", OnnxModel.Linear());

        var answer = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/wrong-edit", body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        if (description is not null)
            Assert.Equal(description, answer.Description);
        Assert.DoesNotContain("Larder.", answer.Description);
        Assert.DoesNotContain("System.", answer.Description);
    }

    [Fact]
    public async Task Default_follows_the_newest_version_until_set_and_one_call_rolls_back()
    {
        await _client.UploadAsync("dflt", OnnxModel.Linear(classes: 2));
        await _client.UploadAsync("dflt", OnnxModel.Linear(classes: 3));
        Assert.Equal("2", await VersionAnsweringAsync("dflt"));

        var set = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/dflt/default", """{"default": 1}""");
        Assert.Equal(HttpStatusCode.OK, set.Status);
        Assert.Equal(2, (int)set.Body["previous"]!);
        Assert.Equal("1", await VersionAnsweringAsync("dflt"));

        await _client.UploadAsync("dflt", OnnxModel.Linear(classes: 4));
        Assert.Equal("1", await VersionAnsweringAsync("dflt"));

        var back = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/dflt/default", $$"""{"default": {{set.Body["previous"]}}}""");
        Assert.Equal(1, (int)back.Body["previous"]!);
        Assert.Equal("2", await VersionAnsweringAsync("dflt"));
        var audit = (await _client.GetJsonAsync("/api/v1/models/dflt")).Body["model"]!["audit"]!.AsArray();
        Assert.Contains(audit, entry => (string?)entry!["alias"] == "default" && (int?)entry["from"] == 1 && (int?)entry["to"] == 2);

        await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/dflt/default", """{"default": null}""");
        Assert.Equal("3", await VersionAnsweringAsync("dflt"));
    }

    [Theory]
    [InlineData("", "No json data provided {default:integer}")]
    [InlineData("{}", "No default value provided")]
    [InlineData("""{"default": true}""", "Default value must be an integer")]
    [InlineData("""{"default": "1"}""", "Default value must be an integer")]
    [InlineData("""{"default": 1.5}""", "Default value must be an integer")]
    public async Task A_wrong_default_is_422(string body, string description)
    {
        await _client.UploadAsync("wrong-default", OnnxModel.Linear());

        var answer = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/wrong-default/default", body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal(description, answer.Description);
    }

    [Fact]
    public async Task Aliases_move_answer_their_previous_target_and_go()
    {
        await _client.UploadAsync("alias", OnnxModel.Linear(classes: 2));
        await _client.UploadAsync("alias", OnnxModel.Linear(classes: 3));

        var first = await SetAliasAsync("alias", "champion", 1);
        Assert.Null(first.Body["previous"]);
        Assert.Equal("1", await VersionAnsweringAsync("alias:champion"));
        var moved = await SetAliasAsync("alias", "champion", 2);
        Assert.Equal(1, (int)moved.Body["previous"]!);
        Assert.Equal("2", await VersionAnsweringAsync("alias:champion"));
        Assert.Equal(HttpStatusCode.NotFound, (await SetAliasAsync("alias", "champion", 9)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await SetAliasAsync("alias", "12", 1)).Status);

        var removed = await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/alias/aliases/champion");
        Assert.Equal(2, (int)removed.Body["previous"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.PredictAsync("alias:champion", "{}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/alias/aliases/champion")).Status);
    }

    [Fact]
    public async Task A_version_with_an_alias_is_deleted_only_by_force_and_its_number_never_returns()
    {
        await _client.UploadAsync("del", OnnxModel.Linear(classes: 2));
        await _client.UploadAsync("del", OnnxModel.Linear(classes: 3));
        await SetAliasAsync("del", "champion", 2);

        var refused = await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/del:2");
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("champion", refused.Description);
        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/del:2?force=true")).Status);

        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync("/api/v1/models/del:2")).Status);
        Assert.Equal("1", await VersionAnsweringAsync("del"));
        var next = await _client.UploadAsync("del", OnnxModel.Linear(classes: 4));
        Assert.Equal(3, (int)next.Body["version"]!["version"]!);
    }

    [Fact]
    public async Task A_deleted_model_is_gone_and_its_numbers_go_on_when_it_returns()
    {
        await _client.UploadAsync("gone", OnnxModel.Linear());

        Assert.Equal(HttpStatusCode.OK, (await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/gone")).Status);

        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync("/api/v1/models/gone")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.PredictAsync("gone", """{"values":[1,2,3,4]}""")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/gone")).Status);
        Assert.DoesNotContain((await _client.GetJsonAsync("/api/v1/models")).Body["model_list"]!.AsArray(), name => (string)name! == "gone");
        var again = await _client.UploadAsync("gone", OnnxModel.Linear());
        Assert.Equal(2, (int)again.Body["version"]!["version"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetJsonAsync("/api/v1/models/gone:1")).Status);
    }

    [Fact]
    public async Task A_deleted_model_is_unloaded()
    {
        await _client.UploadAsync("unload", OnnxModel.Linear());
        await VersionAnsweringAsync("unload");
        var before = await LoadedModelsAsync();

        await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/unload");

        Assert.Equal(before - 1, await LoadedModelsAsync());

        async Task<int> LoadedModelsAsync() =>
            int.Parse((await _client.GetStringAsync("/metrics")).Split('\n').Single(line => line.StartsWith("larder_inference_loaded_models{} ", StringComparison.Ordinal)).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Download_gives_the_file_with_its_hash_as_etag_and_ranges()
    {
        var model = OnnxModel.Linear();
        await _client.UploadAsync("load", model, "flowers.onnx");

        using var whole = await _client.GetAsync("/api/v1/models/load/download");
        Assert.Equal(model, await whole.Content.ReadAsByteArrayAsync());
        Assert.Equal($"\"{Convert.ToHexStringLower(SHA256.HashData(model))}\"", whole.Headers.ETag!.Tag);
        Assert.Equal("attachment", whole.Content.Headers.ContentDisposition!.DispositionType);

        using var part = await SendRangeAsync("/api/v1/models/load:1/download", new RangeHeaderValue(10, 19));
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(model[10..20], await part.Content.ReadAsByteArrayAsync());
        Assert.Equal($"bytes 10-19/{model.Length}", part.Content.Headers.ContentRange!.ToString());

        using var beyond = await SendRangeAsync("/api/v1/models/load/download", new RangeHeaderValue(model.Length + 10, null));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/models/load/download");
        request.Headers.IfNoneMatch.Add(whole.Headers.ETag!);
        using var unchanged = await _client.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    private async Task<HttpResponseMessage> SendRangeAsync(string path, RangeHeaderValue range)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Range = range;
        return await _client.SendAsync(request);
    }

    private Task<Answer> SetAliasAsync(string model, string alias, int version) =>
        _client.SendJsonAsync(HttpMethod.Put, $"/api/v1/models/{model}/aliases/{alias}", new JsonObject { ["version"] = version }.ToJsonString());

    private async Task<string> VersionAnsweringAsync(string reference)
    {
        var answer = await _client.PredictAsync(reference, """{"values":[1,2,3,4]}""");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Headers.GetValues("Larder-Model-Version").Single();
    }
}
