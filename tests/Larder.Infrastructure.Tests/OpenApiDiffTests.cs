using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Larder.Infrastructure.Tests;

/// <summary>.ci/openapi-diff: what breaks clients, what does not, and what the changelog has to do with it.</summary>
public sealed class OpenApiDiffTests : IDisposable
{
    private const string Old = """
        {
          "openapi": "3.1.2",
          "paths": {
            "/things": {
              "get": {
                "parameters": [{ "name": "limit", "in": "query", "schema": { "type": "integer", "maximum": 100 } }],
                "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ThingList" } } } }, "default": {} }
              },
              "post": {
                "security": [{ "bearer": [] }],
                "requestBody": { "content": { "application/json": { "schema": { "anyOf": [{ "$ref": "#/components/schemas/NewThing" }, { "type": "string" }] } } } },
                "responses": { "201": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } } }
              }
            },
            "/things/{thing}": { "delete": { "responses": { "200": {} } } }
          },
          "components": { "schemas": {
            "ThingList": { "type": "object", "required": ["things"], "properties": { "things": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } } } },
            "Thing": { "type": "object", "required": ["name", "size"], "properties": {
              "name": { "type": "string" }, "size": { "type": "integer" }, "note": { "type": ["string", "null"] }, "parent": { "$ref": "#/components/schemas/Thing" } } },
            "NewThing": { "type": "object", "required": ["name"], "additionalProperties": false, "properties": {
              "name": { "type": "string", "maxLength": 50 }, "kind": { "type": "string", "enum": ["a", "b"] }, "size": { "type": ["integer", "null"] } } }
          } }
        }
        """;

    private const string Things = "paths//things/";
    private const string Thing = "components/schemas/Thing/";
    private const string NewThing = "components/schemas/NewThing/";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-openapi-diff-");

    /// <inheritdoc />
    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("paths//things~1{thing}", null, "/things/{thing}: the path is removed")]
    [InlineData("paths//things/post", null, "/things: POST is removed")]
    [InlineData("paths//things/get/parameters/0", null, "/things: GET does not take the query parameter limit any more")]
    [InlineData("paths//things/get/parameters/0/required", "true", "/things: GET requires the query parameter limit")]
    [InlineData("paths//things/get/parameters/0/schema/maximum", "50", "/things: GET parameter limit: maximum becomes 50")]
    [InlineData("paths//things/get/parameters/0/schema/type", "\"boolean\"", "the type in a request changes from integer to boolean")]
    [InlineData("paths//things/get/security", "[{}]", "/things: GET needs credentials")]
    [InlineData("paths//things/get/responses/200", null, "/things: GET does not answer 200 any more")]
    [InlineData("paths//things/get/responses/200/content/application~1json", null, "/things: GET answer 200 is not application/json any more")]
    [InlineData("paths//things/post/requestBody/required", "true", "/things: POST requires a body")]
    [InlineData("paths//things/post/requestBody/content/application~1json/schema/anyOf/1", null, "the type in a request changes from string to object")]
    [InlineData("components/schemas/Thing/properties/note", null, "Thing: the member note of an answer is removed")]
    [InlineData("components/schemas/Thing/properties/size/type", "\"string\"", "Thing: size: the type in an answer changes from integer to string")]
    [InlineData("components/schemas/Thing/properties/size/type", "\"number\"", "Thing: size: the type in an answer changes from integer to integer or number")]
    [InlineData("components/schemas/Thing/properties/size/type", "[\"integer\",\"null\"]", "Thing: size: the type in an answer changes")]
    [InlineData("components/schemas/Thing/required/1", null, "Thing: the member size of an answer may be absent")]
    [InlineData("components/schemas/ThingList/properties/things/items", "{\"type\":\"string\"}", "ThingList: things[]: the type in an answer changes from object to string")]
    [InlineData("components/schemas/NewThing/required/1", "\"size\"", "NewThing: a request needs the member size")]
    [InlineData("components/schemas/NewThing/properties/size", null, "NewThing: the member size of a request is removed")]
    [InlineData("components/schemas/NewThing/properties/size/type", "\"integer\"", "NewThing: size: the type in a request changes from integer or null to integer")]
    [InlineData("components/schemas/NewThing/properties/kind/enum/1", null, "NewThing: kind: the values in a request change from ['a', 'b'] to ['a']")]
    [InlineData("components/schemas/NewThing/properties/name/maxLength", "40", "NewThing: name: maxLength becomes 40")]
    [InlineData("components/schemas/NewThing/properties/name/pattern", "\"^a\"", "NewThing: name: the pattern becomes ^a")]
    public async Task What_breaks_clients_fails(string place, string? value, string sentence)
    {
        var (exit, output) = await CompareAsync(place, value, "");

        Assert.Contains("BREAKING: ", output);
        Assert.Contains(sentence, output);
        Assert.Equal(1, exit);
    }

    [Theory]
    [InlineData("paths//more", """{"get":{"responses":{}}}""")]
    [InlineData("paths//things/put", """{"responses":{}}""")]
    [InlineData("paths//things/get/parameters/1", """{"name":"owner","in":"query","schema":{"type":"string"}}""")]
    [InlineData("paths//things/get/parameters/0/schema/maximum", "200")]
    [InlineData("paths//things/get/responses/404", "{}")]
    [InlineData("paths//things/get/responses/default", null)]
    [InlineData("paths//things/get/summary", "\"Another text.\"")]
    [InlineData("paths//things/post/requestBody/content/text~1csv", "{}")]
    [InlineData("paths//things/post/requestBody/content/application~1json/schema/anyOf/2", """{"type":"integer"}""")]
    [InlineData("components/schemas/Thing/properties/more", """{"type":"string"}""")]
    [InlineData("components/schemas/Thing/properties/note/type", "\"string\"")]
    [InlineData("components/schemas/Thing/required/2", "\"note\"")]
    [InlineData("components/schemas/NewThing/properties/more", """{"type":"string"}""")]
    [InlineData("components/schemas/NewThing/required/0", null)]
    [InlineData("components/schemas/NewThing/properties/name/maxLength", "60")]
    [InlineData("components/schemas/NewThing/properties/kind/enum/2", "\"c\"")]
    [InlineData("components/schemas/NewThing/additionalProperties", "true")]
    public async Task What_breaks_no_client_passes(string place, string? value)
    {
        var (exit, output) = await CompareAsync(place, value, "");

        Assert.Contains("0 breaking changes", output);
        Assert.Equal(0, exit);
    }

    [Theory]
    [InlineData("### Changed\n\n- `/things` takes no limit.\n\n## [1.0.0]\n", 0)]
    [InlineData("### Removed\n\n- The parameter `limit` of `GET /things`.\n\n## [1.0.0]\n", 0)]
    [InlineData("### Added\n\n- `/things` takes no limit.\n\n## [1.0.0]\n", 1)]
    [InlineData("### Changed\n\n- `/things/{thing}` is another.\n\n## [1.0.0]\n", 1)]
    [InlineData("## [1.0.0]\n\n### Changed\n\n- `/things` takes no limit.\n", 1)]
    public async Task A_change_that_the_changelog_names_since_the_release_passes(string changelog, int expected)
    {
        var (exit, output) = await CompareAsync(Things + "get/parameters/0", null, $"# Changelog\n\n## [Unreleased]\n\n{changelog}");

        Assert.Contains("the query parameter limit", output);
        Assert.Equal(expected, exit);
    }

    [Fact]
    public async Task A_schema_is_named_by_its_name()
    {
        Assert.Equal(1, (await CompareAsync(Thing + "properties/note", null, "### Changed\n\n- `NewThing` is another.\n")).Exit);
        Assert.Equal(0, (await CompareAsync(Thing + "properties/note", null, "### Removed\n\n- `note` of a `Thing`.\n")).Exit);
        Assert.Equal(0, (await CompareAsync(NewThing + "properties/size", null, "### Removed\n\n- `size` of `NewThing`.\n")).Exit);
    }

    [Fact]
    public async Task Without_arguments_it_compares_with_the_newest_tag_that_is_a_release()
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "docs"));
        await WriteAsync("docs/openapi.json", Old);
        await WriteAsync("CHANGELOG.md", "# Changelog\n\n## [1.0.0]\n");
        foreach (var command in new[] { "init --quiet", "add --all", "-c user.name=t -c user.email=t@localhost commit --quiet --message=one" })
            Assert.Equal(0, (await RunAsync("git", command.Split(' '))).Exit);
        Assert.Contains("there is no docs/openapi.json of a release", (await RunAsync("python3", Tool)).Output);
        Assert.Equal(0, (await RunAsync("git", "tag", "v1.0.0")).Exit);
        Assert.Equal(0, (await RunAsync("python3", Tool)).Exit);

        await WriteAsync("docs/openapi.json", Changed(Things + "post", null));
        var (exit, output) = await RunAsync("python3", Tool);

        Assert.Contains("1 breaking changes since 1.0.0", output);
        Assert.Equal(1, exit);
    }

    private static string Tool => Repository.Path(".ci/openapi-diff");

    private async Task<(int Exit, string Output)> CompareAsync(string place, string? value, string changelog)
    {
        await WriteAsync("old.json", Old);
        await WriteAsync("new.json", Changed(place, value));
        await WriteAsync("changelog.md", changelog);
        return await RunAsync("python3", Tool, "old.json", "new.json", "changelog.md", "1.0.0");
    }

    // A place has slashes; in names they are written ~1, and a path of the API may begin with one.
    private static string Changed(string place, string? value)
    {
        var document = JsonNode.Parse(Old)!;
        var steps = place.Replace("paths//", "paths/~1", StringComparison.Ordinal).Split('/').Select(step => step.Replace("~1", "/", StringComparison.Ordinal)).ToList();
        var parent = steps[..^1].Aggregate(document, (node, step) => (node is JsonArray list ? list[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)] : node[step])!);
        var json = value is null ? null : JsonNode.Parse(value);
        if (parent is JsonArray items)
        {
            var index = int.Parse(steps[^1], System.Globalization.CultureInfo.InvariantCulture);
            if (json is null)
                items.RemoveAt(index);
            else
                items.Insert(index, json);
        }
        else if (json is null)
        {
            Assert.True(parent.AsObject().Remove(steps[^1]));
        }
        else
        {
            parent[steps[^1]] = json;
        }
        return document.ToJsonString();
    }

    private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(_folder.FullName, name), text);

    private async Task<(int Exit, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder.FullName, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        return (process.ExitCode, await output + await error);
    }
}
