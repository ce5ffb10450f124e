using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.Prediction;
using Larder.Functions.Tests.Hosting;
using Larder.Registry.Publishing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.MLflow;

/// <summary>MLflow's registry over HTTP: the same models and versions as Larder's own.</summary>
[Collection(nameof(SharedLarder))]
public sealed class RegistryApiTests(LarderFixture larder)
{
    private const string Proxy = "/api/2.0/mlflow-artifacts/artifacts";
    private const string Hint = " See the API docs for more information about request parameters.";
    private const string NameRule = "use 1 to 128 letters, digits, '.', '_' or '-', the first a letter or digit.";

    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_model_is_created_without_a_version_and_Larder_has_it_too()
    {
        var name = NewName();

        var made = (await _client.PostAsync("registered-models/create", $$"""{"name":"{{name}}","description":"rye","tags":[{"key":"oven","value":"2"},{"key":"flour"}]}"""))["registered_model"]!;
        var shown = (await _client.AskAsync($"registered-models/get?name={name}"))["registered_model"]!;
        var own = (await _client.GetJsonAsync($"/api/v1/models/{name}")).Body;
        var again = await _client.SendAsync("registered-models/create", $$"""{"name":"{{name}}"}""");

        Assert.Equal(made.ToJsonString(), shown.ToJsonString());
        Assert.Equal((name, "rye", """[{"key":"flour","value":""},{"key":"oven","value":"2"}]"""), ((string)made["name"]!, (string)made["description"]!, made["tags"]!.ToJsonString()));
        Assert.True((long)made["creation_timestamp"]! > 1_600_000_000_000 && (long)made["last_updated_timestamp"]! >= (long)made["creation_timestamp"]!);
        Assert.Null(made["latest_versions"]);
        Assert.Equal(("rye", "create_model"), ((string)own["description"]!, (string)own["model"]!["audit"]![0]!["what"]!));
        Assert.Equal((404, $"The model {name} has no version that is ready."), await _client.PredictAsync(name, """{"values":[1,2,3,4]}""") is var refused ? ((int)refused.Status, refused.Description) : default);
        Assert.Equal((400, "RESOURCE_ALREADY_EXISTS", $"Registered Model (name={name}) already exists."), (again.Status, (string)again.Body["error_code"]!, (string)again.Body["message"]!));

        // The first upload is version 1, and served.
        await UploadAsync(name);
        Assert.Equal(200, (int)(await _client.PredictAsync(name, """{"values":[1,2,3,4]}""")).Status);
        Assert.Equal("rye", (string)(await ModelAsync(name))["description"]!);
    }

    [Theory]
    [InlineData("registered-models/create", """{}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'." + Hint)]
    [InlineData("registered-models/create", """{"name":""}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'." + Hint)]
    [InlineData("registered-models/create", """{"name":31}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 31 for parameter 'name' supplied:  Hint: Value was of type 'int'." + Hint)]
    [InlineData("registered-models/create", """{"name":"a/b"}""", 400, "INVALID_PARAMETER_VALUE", "'a/b' is not a model name: " + NameRule)]
    [InlineData("registered-models/create", """{"name":"../a"}""", 400, "INVALID_PARAMETER_VALUE", "'../a' is not a model name: " + NameRule)]
    [InlineData("registered-models/create", """{"name":"a:1"}""", 400, "INVALID_PARAMETER_VALUE", "'a:1' is not a model name: " + NameRule)]
    [InlineData("registered-models/create", """{"name":"information"}""", 400, "INVALID_PARAMETER_VALUE", "No model can be called 'information': that word is part of the API.")]
    [InlineData("registered-models/create", """{"name":"x","tags":[{"value":"v"}]}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'tags[0].key'." + Hint)]
    [InlineData("registered-models/get?name=none", null, 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("registered-models/get", null, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'." + Hint)]
    [InlineData("registered-models/rename", """{"name":"none","new_name":"other"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("PATCH registered-models/update", """{"name":"none","description":"x"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("PATCH registered-models/update", """{"description":"x"}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'." + Hint)]
    [InlineData("DELETE registered-models/delete", """{"name":"none"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("DELETE registered-models/delete?name=none", null, 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("DELETE registered-models/delete", null, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'." + Hint)]
    [InlineData("registered-models/get-latest-versions", """{"name":"none"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("registered-models/get-latest-versions", """{"name":"none","stages":["Oven"]}""", 400, "INVALID_PARAMETER_VALUE", "Invalid Model Version stage: Oven. Value must be one of None, Staging, Production, Archived.")]
    [InlineData("registered-models/search?max_results=1001", null, 400, "INVALID_PARAMETER_VALUE", "Invalid value 1001 for parameter 'max_results' supplied. It must be at least 1 and at most 1000.")]
    [InlineData("registered-models/search?filter=params.x%3D'y'", null, 400, "INVALID_PARAMETER_VALUE", "Invalid entity type 'params'. Valid values are ['tag', 'attribute'] (at character 1)")]
    [InlineData("registered-models/search?filter=run_id%3D'y'", null, 400, "INVALID_PARAMETER_VALUE", "Invalid attribute key 'run_id' specified. Valid keys are '['name', 'creation_timestamp', 'last_updated_timestamp']' (at character 1)")]
    [InlineData("registered-models/search?filter=name%3Dx", null, 400, "INVALID_PARAMETER_VALUE", null)]
    [InlineData("registered-models/search?order_by=name&order_by=name%20DESC", null, 400, "INVALID_PARAMETER_VALUE", "`order_by` contains duplicate fields: ['name', 'name']")]
    [InlineData("registered-models/search?page_token=x", null, 400, "INVALID_PARAMETER_VALUE", null)]
    [InlineData("registered-models/set-tag", """{"name":"none","key":"k","value":"v"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("registered-models/set-tag", """{"name":"none","key":"k"}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'value'." + Hint)]
    [InlineData("registered-models/set-tag", """{"name":"none","key":"","value":"v"}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'key'." + Hint)]
    [InlineData("DELETE registered-models/delete-tag", """{"name":"none","key":"k"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("registered-models/alias", """{"name":"none","alias":"best","version":"1"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("registered-models/alias", """{"name":"none","alias":"best","version":1}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 1 for parameter 'version' supplied:  Hint: Value was of type 'int'." + Hint)]
    [InlineData("registered-models/alias", """{"name":"none","alias":"best","version":"one"}""", 400, "INVALID_PARAMETER_VALUE", "Parameter 'version' must be an integer, got 'one'.")]
    [InlineData("registered-models/alias", """{"name":"none","alias":"Latest","version":"1"}""", 400, "INVALID_PARAMETER_VALUE", "'latest' alias name (case insensitive) is reserved.")]
    [InlineData("registered-models/alias", """{"name":"none","alias":"V3","version":"1"}""", 400, "INVALID_PARAMETER_VALUE", "Version alias name 'V3' is reserved.")]
    [InlineData("registered-models/alias", """{"name":"none","alias":"a b","version":"1"}""", 400, "INVALID_PARAMETER_VALUE", "'a b' is not an alias: " + NameRule)]
    [InlineData("registered-models/alias?name=none&alias=best", null, 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("DELETE registered-models/alias", """{"name":"none","alias":"best"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("model-versions/get?name=none&version=1", null, 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("model-versions/get?name=none", null, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'version'." + Hint)]
    [InlineData("model-versions/get?name=none&version=1.5", null, 400, "INVALID_PARAMETER_VALUE", "Parameter 'version' must be an integer, got '1.5'.")]
    [InlineData("model-versions/get?name=none&version=0", null, 404, "RESOURCE_DOES_NOT_EXIST", "Model Version (name=none, version=0) not found")]
    [InlineData("model-versions/get?name=none&version=99999999999", null, 404, "RESOURCE_DOES_NOT_EXIST", "Model Version (name=none, version=99999999999) not found")]
    [InlineData("model-versions/get-download-uri?name=none&version=1", null, 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("PATCH model-versions/update", """{"name":"none","version":"1","description":"x"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("DELETE model-versions/delete", """{"name":"none","version":"1"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("model-versions/set-tag", """{"name":"none","version":"1","key":"k","value":"v"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("DELETE model-versions/delete-tag", """{"name":"none","version":"1"}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'key'." + Hint)]
    [InlineData("model-versions/transition-stage", """{"name":"none","version":"1","stage":"Staging"}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'archive_existing_versions'." + Hint)]
    [InlineData("model-versions/transition-stage", """{"name":"none","version":"1","stage":"Staging","archive_existing_versions":1}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 1 for parameter 'archive_existing_versions' supplied:  Hint: Value was of type 'int'." + Hint)]
    [InlineData("model-versions/transition-stage", """{"name":"none","version":"1","stage":"Oven","archive_existing_versions":false}""", 400, "INVALID_PARAMETER_VALUE", "Invalid Model Version stage: Oven. Value must be one of None, Staging, Production, Archived.")]
    [InlineData("model-versions/transition-stage", """{"name":"none","version":"1","stage":"archived","archive_existing_versions":true}""", 400, "INVALID_PARAMETER_VALUE", "Model version transition cannot archive existing model versions because 'Archived' is not an Active stage. Valid stages are ['Staging', 'Production']")]
    [InlineData("model-versions/transition-stage", """{"name":"none","version":"1","stage":"Staging","archive_existing_versions":false}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("model-versions/search?max_results=200001", null, 400, "INVALID_PARAMETER_VALUE", "Invalid value 200001 for parameter 'max_results' supplied. It must be at least 1 and at most 200000.")]
    [InlineData("model-versions/search?filter=stage%3D'y'", null, 400, "INVALID_PARAMETER_VALUE", null)]
    public async Task A_wrong_call_is_refused(string call, string? json, int status, string code, string? message)
    {
        var (given, body) = await _client.SendAsync(call, json);

        Assert.Equal((status, code), (given, (string?)body["error_code"]));
        if (message is null)
            Assert.NotEmpty((string)body["message"]!);
        else
            Assert.Equal(message, (string?)body["message"]);
    }

    [Fact]
    public async Task A_model_is_described_tagged_and_deleted_as_Larder_deletes_it()
    {
        var name = await NewModelAsync(versions: 1);

        await _client.SendOkAsync("PATCH registered-models/update", $$"""{"name":"{{name}}","description":"sourdough"}""");
        Assert.Equal("{}", (await _client.PostAsync("registered-models/set-tag", $$"""{"name":"{{name}}","key":"a","value":"1"}""")).ToJsonString());
        await _client.PostAsync("registered-models/set-tag", $$"""{"name":"{{name}}","key":"b","value":"2"}""");
        await _client.SendOkAsync("DELETE registered-models/delete-tag", $$"""{"name":"{{name}}","key":"a"}""");
        await _client.SendOkAsync("DELETE registered-models/delete-tag", $$"""{"name":"{{name}}","key":"a"}""");
        var own = (await _client.GetJsonAsync($"/api/v1/models/{name}")).Body["model"]!;
        Assert.Equal(("sourdough", """{"b":"2"}"""), ((string)own["description"]!, own["tags"]!.ToJsonString()));

        // An alias holds it, as with Larder's own route; without one it goes, and can be restored.
        await _client.PostAsync("registered-models/alias", $$"""{"name":"{{name}}","alias":"best","version":"1"}""");
        await _client.RefusedAsync("DELETE registered-models/delete", $$"""{"name":"{{name}}"}""", 409, "RESOURCE_CONFLICT", $"The model {name} has aliases (best): delete them first, or force the deletion. This API has no way to force it; DELETE /api/v1/models/{name}?force=true has.");
        await _client.SendOkAsync("DELETE registered-models/alias", $$"""{"name":"{{name}}","alias":"best"}""");
        await _client.SendOkAsync("DELETE registered-models/delete", $$"""{"name":"{{name}}"}""");
        await _client.RefusedAsync($"registered-models/get?name={name}", null, 404, "RESOURCE_DOES_NOT_EXIST", $"Registered Model with name={name} not found");
        Assert.Equal(200, (int)(await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{name}/restore", "{}")).Status);
        Assert.Equal("1", (string)(await ModelAsync(name))["latest_versions"]![0]!["version"]!);

        // Its name can be taken anew, with other versions.
        await _client.SendOkAsync("DELETE registered-models/delete", $$"""{"name":"{{name}}"}""");
        await _client.PostAsync("registered-models/create", $$"""{"name":"{{name}}"}""");
        await UploadAsync(name);
        Assert.Equal(["2"], (await VersionsAsync($"name='{name}'")).Select(version => (string)version!["version"]!));
    }

    [Fact]
    public async Task A_model_is_not_renamed_and_the_refusal_says_what_to_do()
    {
        var name = await NewModelAsync();

        await _client.RefusedAsync(
            "registered-models/rename", $$"""{"name":"{{name}}","new_name":"other"}""", 501, "NOT_IMPLEMENTED",
            $"A model cannot be renamed here: its name is part of the addresses at which it is served. Create a model of the new name, create its versions there, and delete {name}.");
    }

    [Fact]
    public async Task Models_are_searched_in_pages()
    {
        var tag = $"{Guid.NewGuid():N}";
        foreach (var i in Enumerable.Range(0, 5))
            await _client.PostAsync("registered-models/create", $$"""{"name":"{{tag}}-{{i}}","tags":[{"key":"page","value":"{{tag}}"},{"key":"kind","value":"{{(i % 2 == 0 ? "even" : "odd")}}"}]}""");
        var filter = Uri.EscapeDataString($"tags.page = '{tag}'");

        var names = new List<string>();
        var token = "";
        do
        {
            var page = await _client.AskAsync($"registered-models/search?max_results=2&filter={filter}&page_token={token}");
            // What comes before the next page is not shown twice, nor is anything left out.
            await _client.PostAsync("registered-models/create", $$"""{"name":"{{tag}}-{{names.Count}}-a","tags":[{"key":"page","value":"other"}]}""");
            names.AddRange(page["registered_models"]!.AsArray().Select(one => (string)one!["name"]!));
            token = (string?)page["next_page_token"] ?? "";
        }
        while (token.Length > 0);

        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"{tag}-{i}"), names);
        Assert.Equal([$"{tag}-4", $"{tag}-2", $"{tag}-0"], await NamesAsync($"tags.page = '{tag}' AND tags.kind = 'even'", "name DESC"));
        Assert.Equal([$"{tag}-3"], await NamesAsync($"name = '{tag}-3'"));
        Assert.Equal([$"{tag}-1", $"{tag}-4"], await NamesAsync($"name LIKE '{tag}-%' AND (name ILIKE '%-1' OR name IN ('{tag}-4'))"));
        Assert.Equal([$"{tag}-4", $"{tag}-3", $"{tag}-2", $"{tag}-1", $"{tag}-0"], await NamesAsync($"tags.page = '{tag}'", "creation_timestamp DESC"));
        Assert.Equal("{}", (await _client.AskAsync($"registered-models/search?filter={Uri.EscapeDataString("name = 'a/b'")}")).ToJsonString());

        async Task<IEnumerable<string>> NamesAsync(string text, string order = "name") =>
            (await _client.AskAsync($"registered-models/search?filter={Uri.EscapeDataString(text)}&order_by={Uri.EscapeDataString(order)}"))["registered_models"]!.AsArray().Select(one => (string)one!["name"]!);
    }

    [Fact]
    public async Task An_alias_of_one_API_is_that_of_the_other()
    {
        var name = await NewModelAsync(versions: 2);

        Assert.Equal("{}", (await _client.PostAsync("registered-models/alias", $$"""{"name":"{{name}}","alias":"best","version":"1"}""")).ToJsonString());
        Assert.Equal("1", await ServedAsync($"{name}:best"));
        await _client.SendJsonAsync(HttpMethod.Put, $"/api/v1/models/{name}/aliases/best", """{"version":2}""");
        var got = (await _client.AskAsync($"registered-models/alias?name={name}&alias=best"))["model_version"]!;
        Assert.Equal(("2", """["best"]"""), ((string)got["version"]!, got["aliases"]!.ToJsonString()));
        Assert.Equal("""[{"alias":"best","version":"2"}]""", (await ModelAsync(name))["aliases"]!.ToJsonString());

        // The default is an alias that is always there; the newest version, where none is set.
        await _client.PostAsync("registered-models/alias", $$"""{"name":"{{name}}","alias":"default","version":"1"}""");
        Assert.Equal("1", await ServedAsync(name));
        Assert.Equal("1", (string)(await _client.AskAsync($"registered-models/alias?name={name}&alias=default"))["model_version"]!["version"]!);

        await _client.RefusedAsync("registered-models/alias", $$"""{"name":"{{name}}","alias":"best","version":"9"}""", 404, "RESOURCE_DOES_NOT_EXIST", $"Model Version (name={name}, version=9) not found");
        await _client.SendOkAsync($"DELETE registered-models/alias?name={name}&alias=best");
        await _client.SendOkAsync("DELETE registered-models/alias", $$"""{"name":"{{name}}","alias":"best"}""");
        await _client.RefusedAsync($"registered-models/alias?name={name}&alias=best", null, 400, "INVALID_PARAMETER_VALUE", "Registered model alias best not found.");
        var changes = (await _client.GetJsonAsync($"/api/v1/models/{name}")).Body["model"]!["audit"]!.AsArray().Select(change => (string)change!["what"]!);
        Assert.Equal(["delete_alias", "set_default", "set_alias", "set_alias", "publish", "publish"], changes.Where(what => what != "create_model"));
    }

    [Fact]
    public async Task Stages_are_aliases_of_their_names()
    {
        var name = await NewModelAsync(versions: 3);

        var first = await TransitionAsync(1, "production", archive: false);
        Assert.Equal(("1", "Production", """["production"]"""), ((string)first["version"]!, (string)first["current_stage"]!, first["aliases"]!.ToJsonString()));
        Assert.Equal("1", await ServedAsync($"{name}:production"));
        await TransitionAsync(2, "Staging", archive: true);
        Assert.Equal(["3:None", "2:Staging", "1:Production"], await LatestAsync("[]"));

        // The version that had the stage becomes the archived one; a version has one stage.
        Assert.Equal("Production", (string)(await TransitionAsync(2, "Production", archive: true))["current_stage"]!);
        Assert.Equal(["3:None", "2:Production", "1:Archived"], await LatestAsync("[]"));
        Assert.Equal(["2:Production"], await LatestAsync("""["production","Staging"]"""));

        // Without archiving, the alias moves, and the version before has no stage.
        await TransitionAsync(3, "Production", archive: false);
        Assert.Equal(["2:None", "3:Production", "1:Archived"], await LatestAsync("[]"));
        await TransitionAsync(3, "None", archive: false);
        Assert.Equal(["3:None", "1:Archived"], await LatestAsync("[]"));
        Assert.Equal(["3:None", "1:Archived"], (await ModelAsync(name))["latest_versions"]!.AsArray().Select(Shown));
        Assert.Equal(["3:None", "1:Archived"], (await _client.AskAsync($"registered-models/get-latest-versions?name={name}"))["model_versions"]!.AsArray().Select(Shown));
        await _client.RefusedAsync("model-versions/transition-stage", $$"""{"name":"{{name}}","version":"7","stage":"Staging","archive_existing_versions":false}""", 404, "RESOURCE_DOES_NOT_EXIST", $"Model Version (name={name}, version=7) not found");

        async Task<JsonNode> TransitionAsync(int version, string stage, bool archive) => (await _client.PostAsync(
            "model-versions/transition-stage", $$"""{"name":"{{name}}","version":"{{version}}","stage":"{{stage}}","archive_existing_versions":{{(archive ? "true" : "false")}}}"""))["model_version"]!;

        async Task<IEnumerable<string>> LatestAsync(string stages) =>
            (await _client.PostAsync("registered-models/get-latest-versions", $$"""{"name":"{{name}}","stages":{{stages}}}"""))["model_versions"]!.AsArray().Select(Shown);

        static string Shown(JsonNode? version) => $"{version!["version"]}:{version["current_stage"]}";
    }

    [Fact]
    public async Task A_version_that_was_uploaded_to_Larder_is_a_version_of_MLflow()
    {
        var name = NewName();
        await _client.UploadAsync(name, OnnxModel.Linear(), "bread.onnx", ("description", "first"), ("tags", """{"flour":"rye"}"""));

        var version = (await _client.AskAsync($"model-versions/get?name={name}&version=1"))["model_version"]!;

        Assert.Equal(
            (name, "1", "None", "first", "READY", $"mlflow-artifacts:/models/{name}/1", """[{"key":"flour","value":"rye"}]"""),
            ((string)version["name"]!, (string)version["version"]!, (string)version["current_stage"]!, (string)version["description"]!, (string)version["status"]!, (string)version["source"]!, version["tags"]!.ToJsonString()));
        Assert.Equal((long)version["creation_timestamp"]!, (long)version["last_updated_timestamp"]!);
        Assert.Equal(version["source"]!.ToJsonString(), (await _client.AskAsync($"model-versions/get-download-uri?name={name}&version=1"))["artifact_uri"]!.ToJsonString());
        await _client.RefusedAsync($"model-versions/get?name={name}&version=2", null, 404, "RESOURCE_DOES_NOT_EXIST", $"Model Version (name={name}, version=2) not found");
    }

    [Fact]
    public async Task A_version_is_described_tagged_and_deleted_as_Larder_deletes_it()
    {
        var name = await NewModelAsync(versions: 2);
        var id = $$"""
            "name":"{{name}}","version":"2"
            """;

        var described = (await _client.SendOkAsync("PATCH model-versions/update", $$"""{{{id}},"description":"crusty"}"""))["model_version"]!;
        await _client.PostAsync("model-versions/set-tag", $$"""{{{id}},"key":"a","value":"1"}""");
        await _client.PostAsync("model-versions/set-tag", $$"""{{{id}},"key":"b","value":"2"}""");
        await _client.SendOkAsync("DELETE model-versions/delete-tag", $$"""{{{id}},"key":"a"}""");
        var shown = (await _client.AskAsync($"model-versions/get?name={name}&version=2"))["model_version"]!;
        Assert.Equal(("crusty", "crusty", """[{"key":"b","value":"2"}]"""), ((string)described["description"]!, (string)shown["description"]!, shown["tags"]!.ToJsonString()));
        Assert.True((long)shown["last_updated_timestamp"]! > (long)shown["creation_timestamp"]!);

        await _client.PostAsync("registered-models/alias", $$"""{{{id}},"alias":"best"}""");
        await _client.RefusedAsync("DELETE model-versions/delete", $$"""{{{id}}}""", 409, "RESOURCE_CONFLICT", $"Version 2 of {name} is what best points at: move the alias first, or force the deletion. This API has no way to force it; DELETE /api/v1/models/{name}:2?force=true has.");
        await _client.SendOkAsync("DELETE registered-models/alias", $$"""{"name":"{{name}}","alias":"best"}""");
        await _client.SendOkAsync("DELETE model-versions/delete", $$"""{{{id}}}""");

        await _client.RefusedAsync($"model-versions/get?name={name}&version=2", null, 404, "RESOURCE_DOES_NOT_EXIST", $"Model Version (name={name}, version=2) not found");
        Assert.Equal("1", await ServedAsync(name));
        Assert.Equal(200, (int)(await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{name}:2/restore", "{}")).Status);
    }

    [Fact]
    public async Task Versions_are_searched_in_pages()
    {
        var (one, two) = (await NewModelAsync(versions: 3), await NewModelAsync(versions: 1));
        await _client.PostAsync("model-versions/set-tag", $$"""{"name":"{{one}}","version":"2","key":"search","value":"{{one}}"}""");
        await _client.PostAsync("model-versions/set-tag", $$"""{"name":"{{two}}","version":"1","key":"search","value":"{{one}}"}""");

        var first = await _client.AskAsync($"model-versions/search?max_results=2&filter={Uri.EscapeDataString($"name='{one}'")}");
        await UploadAsync(one);
        var rest = await _client.AskAsync($"model-versions/search?max_results=2&filter={Uri.EscapeDataString($"name='{one}'")}&page_token={first["next_page_token"]}");

        Assert.Equal(["3", "2"], first["model_versions"]!.AsArray().Select(version => (string)version!["version"]!));
        Assert.Equal(["1"], rest["model_versions"]!.AsArray().Select(version => (string)version!["version"]!));
        Assert.Null(rest["next_page_token"]);
        Assert.Equal(new[] { one, two }.Order(StringComparer.Ordinal), (await VersionsAsync($"tags.search = '{one}'")).Select(version => (string)version!["name"]!));
        Assert.Equal(["1", "2"], (await VersionsAsync($"name = '{one}' AND version_number < 3", "version_number ASC")).Select(version => (string)version!["version"]!));
        Assert.Empty(await VersionsAsync($"name = '{one}' AND run_id = 'none'"));
        Assert.Empty(await VersionsAsync("name = '../x'"));
        Assert.Equal(4, (await VersionsAsync($"name = '{one}' AND run_id IS NULL AND source_path = 'upload'")).Count);
    }

    [Fact]
    public async Task A_version_is_created_from_a_runs_model_and_predicts()
    {
        var (name, run) = (await NewModelAsync(), await _client.NewRunAsync());
        await LogAsync(run, "model", ("MLmodel", OnnxMLmodel("model.onnx")), ("model.onnx", OnnxModel.Linear()), ("conda.yaml", "name: bread"u8.ToArray()), ("code/extra.py", "x = 1"u8.ToArray()));

        var made = (await _client.PostAsync(
            "model-versions/create", $$"""{"name":"{{name}}","source":"runs:/{{run}}/model","run_id":"{{run}}","run_link":"https://mlflow.example/#/runs/1","description":"first","tags":[{"key":"flour","value":"rye"}]}"""))["model_version"]!;
        var again = (await _client.PostAsync("model-versions/create", $$"""{"name":"{{name}}","source":"mlflow-artifacts:/0/{{run}}/artifacts/model"}"""))["model_version"]!;

        Assert.Equal(
            (name, "1", "READY", $"runs:/{run}/model", run, "first", """[{"key":"flour","value":"rye"}]""", "None"),
            ((string)made["name"]!, (string)made["version"]!, (string)made["status"]!, (string)made["source"]!, (string)made["run_id"]!, (string)made["description"]!, made["tags"]!.ToJsonString(), (string)made["current_stage"]!));
        Assert.Equal(("2", run, $"mlflow-artifacts:/0/{run}/artifacts/model"), ((string)again["version"]!, (string)again["run_id"]!, (string)again["source"]!));
        Assert.Equal("2", await ServedAsync(name));
        var uploaded = NewName();
        await UploadAsync(uploaded);
        var (own, other) = (await _client.PredictAsync($"{name}:1", """{"values":[1,2,3,4]}"""), await _client.PredictAsync(uploaded, """{"values":[1,2,3,4]}"""));
        Assert.Equal(other.Body["outputs"]!.ToJsonString(), own.Body["outputs"]!.ToJsonString());
        var shown = (await _client.GetJsonAsync($"/api/v1/models/{name}:1")).Body["version"]!;
        Assert.Equal((run, $"runs:/{run}/model", "model.onnx"), ((string)shown["run"]!, (string)shown["source"]!, (string)shown["file_name"]!));
        var found = await VersionsAsync($"run_id = '{run}'", "version_number DESC");
        Assert.Equal(["2", "1"], found.Select(version => (string)version!["version"]!));
        // The link is where it was given, and there only.
        var kept = (await _client.AskAsync($"model-versions/get?name={name}&version=1"))["model_version"]!;
        Assert.Equal(Enumerable.Repeat("https://mlflow.example/#/runs/1", 3), new[] { made, kept, found[1]! }.Select(version => (string?)version["run_link"]));
        Assert.Equal([null, null], new[] { again, found[0]! }.Select(version => version["run_link"]));
        await _client.RefusedAsync(
            "model-versions/create", $$"""{"name":"{{name}}","source":"runs:/{{run}}/model","run_link":"{{new string('x', 501)}}"}""", 400, "INVALID_PARAMETER_VALUE", "The run_link can have at most 500 characters, and this one has 501.");
    }

    [Fact]
    public async Task A_version_has_the_files_of_external_data_and_an_ONNX_file_alone_is_one_too()
    {
        var (name, run) = (await NewModelAsync(), await _client.NewRunAsync());
        var (model, data) = OnnxModel.LinearWithData();
        await LogAsync(run, "deep/model", ("MLmodel", OnnxMLmodel("data/model.onnx")), ("data/model.onnx", model), ("data/model.onnx.data", data));
        await LogAsync(run, "", ("alone.onnx", OnnxModel.Linear()));

        await _client.PostAsync("model-versions/create", $$"""{"name":"{{name}}","source":"runs:/{{run}}/deep/model/"}""");
        await _client.PostAsync("model-versions/create", $$"""{"name":"{{name}}","source":"runs:/{{run}}/alone.onnx"}""");

        var manifest = (await _client.GetJsonAsync($"/api/v1/models/{name}:1")).Body["version"]!["manifest"]!.AsArray();
        Assert.Equal(["model.onnx", "model.onnx.data"], manifest.Select(file => (string)file!["name"]!));
        var (one, two) = (await _client.PredictAsync($"{name}:1", """{"values":[1,2,3,4]}"""), await _client.PredictAsync($"{name}:2", """{"values":[1,2,3,4]}"""));
        Assert.Equal(two.Body["outputs"]!.ToJsonString(), one.Body["outputs"]!.ToJsonString());
    }

    [Fact]
    public async Task A_model_of_another_framework_is_kept_and_takes_no_predictions()
    {
        var (name, run) = (await NewModelAsync(), await _client.NewRunAsync());
        (string Path, byte[] Bytes)[] files =
        [
            ("MLmodel", "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n  sklearn:\n    pickled_model: model.pkl\n"u8.ToArray()), ("model.pkl", [1, 2, 3]), ("code/__init__.py", []),
        ];
        await LogAsync(run, "model", files);

        var kept = (await _client.PostAsync("model-versions/create", $$"""{"name":"{{name}}","source":"runs:/{{run}}/model"}"""))["model_version"]!;
        var alone = await _client.PredictAsync(name, """{"values":[1,2,3,4]}""");
        await UploadAsync(name);
        await _client.PostAsync("model-versions/create", $$"""{"name":"{{name}}","source":"runs:/{{run}}/model"}""");
        await _client.PostAsync("registered-models/alias", $$"""{"name":"{{name}}","alias":"best","version":"3"}""");

        var sentence = $"is a model of another framework (python_function, sklearn), which is kept here and takes no predictions: convert it to ONNX (docs/onnx.md), and register or upload that.";
        Assert.Equal(("1", "READY"), ((string)kept["version"]!, (string)kept["status"]!));
        Assert.Equal((404, $"Version 1 of {name} {sentence}"), ((int)alone.Status, alone.Description));
        // The default is the newest version that can be served.
        Assert.Equal("2", await ServedAsync(name));
        foreach (var reference in new[] { $"{name}:3", $"{name}:best" })
        {
            var refused = await _client.PredictAsync(reference, """{"values":[1,2,3,4]}""");
            Assert.Equal((409, $"Version 3 of {name} {sentence}"), ((int)refused.Status, refused.Description));
        }
        Assert.Equal(409, (int)(await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{name}/default", """{"default":3}""")).Status);
        Assert.Equal(409, (int)(await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/models/{name}:3/samples", """{"values":[1,2,3,4]}""")).Status);
        Assert.Equal(409, (int)(await _client.GetJsonAsync($"/api/v1/models/{name}:3/download")).Status);
        Assert.Equal(409, (int)(await _client.GetJsonAsync($"/v2/models/{name}/versions/3")).Status);
        Assert.Equal(["2"], (await _client.GetJsonAsync($"/v2/models/{name}")).Body["versions"]!.AsArray().Select(version => (string)version!));
        Assert.Equal(["END", "AVAILABLE", "END"], (await _client.GetJsonAsync($"/v1/models/{name}")).Body["model_version_status"]!.AsArray().Select(version => (string)version!["state"]!));
        Assert.Equal(("other", "python_function, sklearn"), (await _client.GetJsonAsync($"/api/v1/models/{name}:3")).Body["version"]! is var shown ? ((string)shown["kind"]!, (string)shown["producer"]!) : default);
        Assert.Equal(["3", "2", "1"], (await VersionsAsync($"name = '{name}'")).Select(version => (string)version!["version"]!));
        Assert.Equal(["3"], (await ModelAsync(name))["latest_versions"]!.AsArray().Select(version => (string)version!["version"]!));
        foreach (var (path, bytes) in files)
            Assert.Equal(bytes, await _client.GetByteArrayAsync($"{Proxy}/models/{name}/3/{path}"));

        // Deleting it leaves the default where it is; deleting what is served leaves none, and says so.
        await _client.SendOkAsync("DELETE registered-models/alias", $$"""{"name":"{{name}}","alias":"best"}""");
        await _client.SendOkAsync("DELETE model-versions/delete", $$"""{"name":"{{name}}","version":"3"}""");
        Assert.Equal("2", await ServedAsync(name));
        await _client.SendOkAsync("DELETE model-versions/delete", $$"""{"name":"{{name}}","version":"2"}""");
        Assert.Equal($"Version 1 of {name} {sentence}", (await _client.PredictAsync(name, """{"values":[1,2,3,4]}""")).Description);
    }

    [Fact]
    public async Task The_folder_of_a_version_comes_back_byte_for_byte_without_its_run()
    {
        var (name, run) = (await NewModelAsync(), await _client.NewRunAsync());
        (string Path, byte[] Bytes)[] files = [("MLmodel", OnnxMLmodel("model.onnx")), ("model.onnx", OnnxModel.Linear()), ("conda.yaml", "name: bread"u8.ToArray()), ("code/a/b.py", "b"u8.ToArray()), ("code/c.py", "c"u8.ToArray())];
        await LogAsync(run, "some/model", files);
        await _client.PostAsync("model-versions/create", $$"""{"name":"{{name}}","source":"runs:/{{run}}/some/model"}""");
        foreach (var call in new[] { "runs/delete", "runs/purge" })
            await _client.PostAsync(call, $$"""{"run_id":"{{run}}"}""");

        var uri = (string)(await _client.AskAsync($"model-versions/get-download-uri?name={name}&version=1"))["artifact_uri"]!;
        var root = uri["mlflow-artifacts:/".Length..];

        Assert.Equal($"models/{name}/1", root);
        Assert.Equal(
            [("MLmodel", false, files[0].Bytes.Length), ("code", true, 0), ("conda.yaml", false, 11), ("model.onnx", false, files[1].Bytes.Length)],
            (await _client.GetJsonAsync($"{Proxy}?path={root}")).Body["files"]!.AsArray().Select(file => ((string)file!["path"]!, (bool)file["is_dir"]!, (int?)file["file_size"] ?? 0)));
        Assert.Equal(["a", "c.py"], (await _client.GetJsonAsync($"{Proxy}?path={root}/code/")).Body["files"]!.AsArray().Select(file => (string)file!["path"]!));
        Assert.Equal("{}", (await _client.GetJsonAsync($"{Proxy}?path={root}/none")).Body.ToJsonString());
        foreach (var (path, bytes) in files)
            Assert.Equal(bytes, await _client.GetByteArrayAsync($"{Proxy}/{root}/{path}"));
        foreach (var (path, status) in new[] { ($"{root}/none", 404), ($"{root}/..%2f1/MLmodel", 400), ($"{root}/code", 404), ($"models/{name}/9/MLmodel", 404), ($"models/{name}/x/MLmodel", 400), ($"models/{name}", 404), ("models/a%2fb/1/MLmodel", 400), ("models/a%20b/1/MLmodel", 400) })
        {
            using var response = await _client.GetAsync($"{Proxy}/{path}");
            Assert.True(status == (int)response.StatusCode, $"{path}: {response.StatusCode}");
        }
        using var put = await _client.PutAsync($"{Proxy}/{root}/MLmodel", new ByteArrayContent([1]));
        Assert.Equal(404, (int)put.StatusCode);
    }

    [Fact]
    public async Task A_file_of_a_version_is_downloaded_as_MLflows_pages_do()
    {
        const string Route = "/model-versions/get-artifact";
        var (name, run, uploaded) = (await NewModelAsync(), await _client.NewRunAsync(), NewName());
        await LogAsync(run, "model", ("MLmodel", OnnxMLmodel("model.onnx")), ("model.onnx", OnnxModel.Linear()), ("code/a b.py", "bread"u8.ToArray()));
        await _client.PostAsync("model-versions/create", $$"""{"name":"{{name}}","source":"runs:/{{run}}/model"}""");
        await UploadAsync(uploaded);

        using var whole = await _client.GetAsync($"{Route}?name={name}&version=1&path=code%2Fa%20b.py");
        Assert.Equal("bread", await whole.Content.ReadAsStringAsync());
        Assert.Equal(("attachment", "nosniff"), (whole.Content.Headers.ContentDisposition!.DispositionType, string.Join(',', whole.Headers.GetValues("X-Content-Type-Options"))));
        using var part = new HttpRequestMessage(HttpMethod.Get, $"{Route}?name={name}&version=1&path=code/a%20b.py") { Headers = { Range = new(1, 2) } };
        using var ranged = await _client.SendAsync(part);
        Assert.Equal((206, "re"), ((int)ranged.StatusCode, await ranged.Content.ReadAsStringAsync()));
        Assert.StartsWith("flavors:", await _client.GetStringAsync($"{Route}?name={uploaded}&version=1&path=MLmodel"), StringComparison.Ordinal);

        foreach (var (query, status, code) in new[]
        {
            ($"name={name}&version=1&path=none", 404, "RESOURCE_DOES_NOT_EXIST"),
            ($"name={name}&version=1&path=code", 404, "RESOURCE_DOES_NOT_EXIST"),
            ($"name={name}&version=2&path=MLmodel", 404, "RESOURCE_DOES_NOT_EXIST"),
            ($"name={NewName()}&version=1&path=MLmodel", 404, "RESOURCE_DOES_NOT_EXIST"),
            ($"name={name}&version=1&path=../1/MLmodel", 400, "INVALID_PARAMETER_VALUE"),
            ($"name={name}&version=1&path=%252e%252e/MLmodel", 400, "INVALID_PARAMETER_VALUE"),
            ($"name=a%2Fb&version=1&path=MLmodel", 400, "INVALID_PARAMETER_VALUE"),
            ($"name={name}&version=x&path=MLmodel", 400, "INVALID_PARAMETER_VALUE"),
            ($"name={name}&version=1", 400, "INVALID_PARAMETER_VALUE"),
            ($"version=1&path=MLmodel", 400, "INVALID_PARAMETER_VALUE"),
        })
        {
            var (actual, body, _) = await _client.GetJsonAsync($"{Route}?{query}");
            Assert.True((status, code) == ((int)actual, (string?)body["error_code"]), $"{query}: {actual} {body.ToJsonString()}");
        }
    }

    [Fact]
    public async Task An_uploaded_version_is_a_folder_that_MLflow_can_load()
    {
        var (name, several) = (NewName(), NewName());
        await _client.UploadAsync(name, OnnxModel.Linear(), "bread's best #1.onnx");
        var (model, data) = OnnxModel.LinearWithData();
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, bytes) in new[] { ("model.onnx", model), ("model.onnx.data", data) })
            {
                using var entry = archive.CreateEntry(path).Open();
                entry.Write(bytes);
            }
        }
        Assert.Equal(201, (int)(await _client.UploadAsync(several, zip.ToArray(), "several.zip")).Status);

        var files = (await _client.GetJsonAsync($"{Proxy}?path=models/{name}/1")).Body["files"]!.AsArray().Select(file => (string)file!["path"]!).ToList();
        var described = LoggedModel.Read(BinaryData.FromBytes(await _client.GetByteArrayAsync($"{Proxy}/models/{name}/1/MLmodel")));
        var part = new HttpRequestMessage(HttpMethod.Get, $"{Proxy}/models/{name}/1/MLmodel") { Headers = { Range = new(2, 8) } };

        Assert.Equal(["MLmodel", described.OnnxFile!], files);
        Assert.Equal(["onnx", "python_function"], described.Flavors);
        Assert.Equal(OnnxModel.Linear(), await _client.GetByteArrayAsync($"{Proxy}/models/{name}/1/{Uri.EscapeDataString(described.OnnxFile!)}"));
        Assert.Equal("avors:\n", await (await _client.SendAsync(part)).Content.ReadAsStringAsync());
        Assert.Equal(["MLmodel", "model.onnx", "model.onnx.data"], (await _client.GetJsonAsync($"{Proxy}?path=models/{several}/1")).Body["files"]!.AsArray().Select(file => (string)file!["path"]!));
        Assert.Equal(data, await _client.GetByteArrayAsync($"{Proxy}/models/{several}/1/model.onnx.data"));
    }

    [Theory]
    [InlineData("models:/other/1", null, "Invalid model version source: 'models:/other/1'. Name a logged model, as models:/MODEL_ID, or artifacts of a run, as runs:/RUN_ID/PATH or mlflow-artifacts:/EXPERIMENT_ID/RUN_ID/artifacts/PATH, or upload the model by PUT /api/v1/models/NAME.")]
    [InlineData("s3://bucket/model", null, "Invalid model version source: 's3://bucket/model'. Name a logged model, as models:/MODEL_ID, or artifacts of a run, as runs:/RUN_ID/PATH or mlflow-artifacts:/EXPERIMENT_ID/RUN_ID/artifacts/PATH, or upload the model by PUT /api/v1/models/NAME.")]
    [InlineData("/etc/passwd", null, "Invalid model version source: '/etc/passwd'. Name a logged model, as models:/MODEL_ID, or artifacts of a run, as runs:/RUN_ID/PATH or mlflow-artifacts:/EXPERIMENT_ID/RUN_ID/artifacts/PATH, or upload the model by PUT /api/v1/models/NAME.")]
    [InlineData("runs:/RUN/../x", null, "Invalid path '../x': no name can be '.' or '..'.")]
    [InlineData("runs:/RUN/%2e%2e/x", null, null)]
    [InlineData("runs:/RUN/none", null, "There is nothing at the source 'runs:/RUN/none': log the files of the model first.")]
    [InlineData("runs:/RUN/bare", null, "There is no model at the source: neither a folder with the file MLmodel, as mlflow.onnx.log_model logs it, nor an .onnx file.")]
    [InlineData("runs:/RUN/broken", null, "The model's MLmodel cannot be read: line 1: tags (!) are not allowed.")]
    [InlineData("runs:/RUN/flavorless", null, "The model's MLmodel has no flavors.")]
    [InlineData("runs:/RUN/dataless", null, "The flavor onnx of the model's MLmodel does not say which file it is (data).")]
    [InlineData("runs:/RUN/away", null, "The model's MLmodel names the file '../bare/x.bin', which is not at the source.")]
    [InlineData("runs:/RUN/garbage", null, null)]
    [InlineData("runs:/RUN/bare", "0123456789abcdef0123456789abcdef", "The source 'runs:/RUN/bare' is of the run RUN, and run_id is '0123456789abcdef0123456789abcdef': leave run_id out, or give that of the source.")]
    public async Task A_source_that_has_no_model_to_serve_is_refused_and_makes_no_version(string source, string? runId, string? message)
    {
        var (name, run) = (await NewModelAsync(), await _client.NewRunAsync());
        await LogAsync(
            run, "", ("bare/x.bin", [1]), ("broken/MLmodel", "!x"u8.ToArray()), ("flavorless/MLmodel", "run_id: x"u8.ToArray()), ("dataless/MLmodel", "flavors: {onnx: {}}"u8.ToArray()),
            ("away/MLmodel", OnnxMLmodel("../bare/x.bin")), ("garbage/MLmodel", OnnxMLmodel("model.onnx")), ("garbage/model.onnx", [1, 2, 3]));
        var rest = runId is null ? "" : $""","run_id":"{runId}" """;

        var (status, body) = await _client.SendAsync("model-versions/create", $$"""{"name":"{{name}}","source":"{{source.Replace("RUN", run, StringComparison.Ordinal)}}"{{rest}}}""");

        Assert.Equal((400, "INVALID_PARAMETER_VALUE"), (status, (string?)body["error_code"]));
        if (message is null)
            Assert.NotEmpty((string)body["message"]!);
        else
            Assert.Equal(message.Contains("RUN_ID", StringComparison.Ordinal) ? message : message.Replace("RUN", run, StringComparison.Ordinal), (string?)body["message"]);
        Assert.Empty(await VersionsAsync($"name = '{name}'"));
    }

    [Theory]
    [InlineData("""{"name":"none","source":"runs:/x/y"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found")]
    [InlineData("""{"name":"NAME"}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'source'." + Hint)]
    [InlineData("""{"name":"NAME","source":""}""", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'source'." + Hint)]
    [InlineData("""{"name":"NAME","source":7}""", 400, "INVALID_PARAMETER_VALUE", "Invalid value 7 for parameter 'source' supplied:  Hint: Value was of type 'int'." + Hint)]
    [InlineData("""{"name":"NAME","source":"runs:/0123456789abcdef0123456789abcdef/model"}""", 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=0123456789abcdef0123456789abcdef not found")]
    public async Task A_version_is_not_created_by_a_wrong_call(string json, int status, string code, string message) =>
        await _client.RefusedAsync("model-versions/create", json.Contains("NAME", StringComparison.Ordinal) ? json.Replace("NAME", await NewModelAsync(), StringComparison.Ordinal) : json, status, code, message);

    private static byte[] OnnxMLmodel(string data) => Encoding.UTF8.GetBytes($"""
        artifact_path: model
        flavors:
          onnx:
            code: null
            data: {data}
            onnx_version: 1.16.0
            providers:
            - CPUExecutionProvider
          python_function:
            data: {data}
            loader_module: mlflow.onnx
            python_version: 3.10.12
        utc_time_created: '2026-12-01 07:00:00.000000'
        """);

    // As MLflow's client does it, through the artifact proxy.
    private async Task LogAsync(string run, string folder, params (string Path, byte[] Bytes)[] files)
    {
        foreach (var (path, bytes) in files)
        {
            using var response = await _client.PutAsync($"{Proxy}/0/{run}/artifacts/{(folder.Length == 0 ? "" : $"{folder}/")}{path}", new ByteArrayContent(bytes));
            Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode}");
        }
    }

    private static string NewName() => $"m-{Guid.NewGuid():N}";

    private async Task<string> NewModelAsync(int versions = 0)
    {
        var name = NewName();
        await _client.PostAsync("registered-models/create", $$"""{"name":"{{name}}"}""");
        for (var i = 0; i < versions; i++)
            await UploadAsync(name);
        return name;
    }

    private async Task UploadAsync(string name) => Assert.Equal(201, (int)(await _client.UploadAsync(name, OnnxModel.Linear())).Status);

    // The version that answers a prediction.
    private async Task<string> ServedAsync(string reference)
    {
        var answer = await _client.PredictAsync(reference, """{"values":[1,2,3,4]}""");
        Assert.Equal(200, (int)answer.Status);
        return Assert.Single(answer.Headers.GetValues(PredictionResponse.VersionHeader));
    }

    private async Task<JsonNode> ModelAsync(string name) => (await _client.AskAsync($"registered-models/get?name={name}"))["registered_model"]!;

    private async Task<JsonArray> VersionsAsync(string filter, string order = "name") =>
        (await _client.AskAsync($"model-versions/search?filter={Uri.EscapeDataString(filter)}&order_by={Uri.EscapeDataString(order)}"))["model_versions"]?.AsArray() ?? [];
}
