using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Orchestrations.Options;
using Larder.Orchestrations.Training;
using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Tests.Options;

public sealed class OptionSchemaTests
{
    private static readonly JsonNode Schema = JsonNode.Parse(TrainOptions.Schema.Json.GetRawText())!;

    [Fact]
    public void The_schema_says_what_the_record_and_its_attributes_say()
    {
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", (string)Schema["$schema"]!);
        Assert.False((bool)Schema["additionalProperties"]!);
        Assert.Null(Schema["required"]);
        var properties = Schema["properties"]!;
        Assert.Equal(
            ["image", "cpu", "memoryGb", "gpu", "timeout", "environment", "arguments", "attempts", "alias", "gate", "compile", "model_file", "tracking", "tags"],
            properties.AsObject().Select(property => property.Key));
        Assert.All(properties.AsObject(), property => Assert.NotEmpty((string)property.Value!["description"]!));

        AssertJson("""{"type":"integer","minimum":1,"maximum":10,"default":1}""", Without(properties["attempts"]!));
        AssertJson("""{"type":["number","null"],"minimum":0.1,"maximum":128}""", Without(properties["cpu"]!));
        AssertJson("""{"type":["string","null"],"minLength":1,"maxLength":512}""", Without(properties["image"]!));
        AssertJson("""{"type":"array","items":{"type":"string"},"maxItems":256,"default":[]}""", Without(properties["arguments"]!));
        AssertJson("""{"type":"object","additionalProperties":{"type":"string"},"maxProperties":100,"default":{}}""", Without(properties["tags"]!));
        var gate = properties["gate"]!;
        AssertJson("""["metric"]""", gate["required"]!);
        AssertJson("""{"type":"string","enum":["max","min"],"default":"max"}""", Without(gate["properties"]!["direction"]!));
    }

    [Theory]
    [InlineData("""{"arguments": ["a", "\ud800"]}""", "/arguments/1")]
    [InlineData("""{"tags": {"\udc00": "x"}}""", "A member's name in /tags")]
    [InlineData("""{"environment": {"A": {"secret": "\u0000"}}}""", "/environment/A/secret")]
    public void Text_that_is_not_well_formed_is_refused_with_its_place(string json, string place) =>
        Assert.Contains(place, Assert.Throws<InvalidRequestException>(() => TrainOptions.Schema.Read(Encoding.UTF8.GetBytes(json))).Message);

    [Fact]
    public void Nothing_given_is_every_default()
    {
        var read = Read("{}");

        Assert.Equal((3600, 1, 0, null, null), (read.Timeout, read.Attempts, read.Gpu, read.Compile, read.Gate));
        Assert.Empty(read.Environment);
    }

    [Fact]
    public void What_is_given_is_read()
    {
        var read = Read("""
            {"image": "python:3.12-slim", "cpu": 1.5, "memoryGb": 4, "gpu": 0, "timeout": 60, "attempts": 2, "alias": "champion",
             "environment": {"MODE": "fast", "_T0KEN": {"secret": "s3cr3t"}, "LARDERY": ""}, "arguments": ["--epochs", "3", "ü\n"],
             "gate": {"metric": "accuracy", "direction": "min", "threshold": 0.9, "against": "champion"},
             "compile": {"atol": 0.5}, "tags": {"team": "botany", "": "x"}}
            """);

        Assert.Equal(("python:3.12-slim", 1.5, 4.0, 60, 2), (read.Image, read.Cpu, read.MemoryGb, read.Timeout, read.Attempts));
        Assert.Equal(new EnvironmentValue("s3cr3t", IsSecret: true), read.Environment["_T0KEN"]);
        Assert.Equal(new EnvironmentValue("fast"), read.Environment["MODE"]);
        Assert.Equal(["--epochs", "3", "ü\n"], read.Arguments);
        Assert.Equal(new GateOptions { Metric = "accuracy", Direction = "min", Threshold = 0.9, Against = "champion" }, read.Gate);
        Assert.Equal(new CompileOptions { Atol = 0.5, Rtol = 1e-4 }, read.Compile);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("{}", true)]
    [InlineData("false", false)]
    [InlineData("null", false)]
    public void Compile_can_be_switched(string json, bool on) =>
        Assert.Equal(on ? new CompileOptions() : null, Read($$"""{"compile": {{json}}}""").Compile);

    [Fact]
    public void What_was_read_is_the_same_after_it_was_stored()
    {
        var options = new TrainOptions
        {
            Compile = new CompileOptions { Atol = 1 },
            Environment = new Dictionary<string, EnvironmentValue> { ["A"] = new("***", true), ["B"] = new("b") },
        };

        var stored = JsonSerializer.SerializeToUtf8Bytes(options, RegistryJson.Options);

        Assert.Equal(stored, JsonSerializer.SerializeToUtf8Bytes(TrainOptions.Schema.Read(stored), RegistryJson.Options));
    }

    [Theory]
    [InlineData("""{"gate": {"metric": "m", "direction": "up"}}""", """/gate/direction must be "max" or "min"; got "up".""")]
    [InlineData("""{"gate": {}}""", "/gate/metric is missing.")]
    [InlineData("""{"gate": {"metric": ""}}""", """/gate/metric must be at least 1 characters long; got "".""")]
    [InlineData("""{"gate": 3}""", "/gate must be an object; got 3.")]
    [InlineData("""{"timeout": "x"}""", """/timeout must be a whole number, written without a fraction; got "x".""")]
    [InlineData("""{"timeout": 1.0}""", "/timeout must be a whole number, written without a fraction; got 1.0.")]
    [InlineData("""{"timeout": null}""", "/timeout must be a whole number, written without a fraction; got null.")]
    [InlineData("""{"timeout": 0}""", "/timeout must be 1 to 518400; got 0.")]
    [InlineData("""{"attempts": 99999999999}""", "/attempts must be 1 to 10; got 99999999999.")]
    [InlineData("""{"attempts": 99999999999999999999}""", "/attempts must be a whole number, written without a fraction; got 99999999999999999999.")]
    [InlineData("""{"cpu": 1e999}""", "/cpu must be 0.1 to 128; got 1e999.")]
    [InlineData("""{"gate": {"metric": "m", "threshold": 1e999}}""", "/gate/threshold must be a number that a double can hold; got 1e999.")]
    [InlineData("""{"arguments": ["a", 1]}""", "/arguments/1 must be a text; got 1.")]
    [InlineData("""{"arguments": {"a": 1}}""", "/arguments must be a list; got an object.")]
    [InlineData("""{"tags": {"a": null}}""", "/tags/a must be a text; got null.")]
    [InlineData("""{"alias": "no good"}""", """/alias must be a text that matches ^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$; got "no good".""")]
    [InlineData("""{"alias": "champion\n"}""", """/alias must be a text that matches ^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$; got "champion\n".""")]
    [InlineData("""{"compile": 3}""", "/compile must be true or false or an object; got 3.")]
    [InlineData("""{"compile": {"atol": -1}}""", "/compile/atol must be 0 to 1000000; got -1.")]
    [InlineData("""{"compile": {"eps": 1}}""", "/compile/eps is not known; known there are atol, rtol.")]
    [InlineData("""{"environment": {"A": 1}}""", "/environment/A must be a text or an object; got 1.")]
    [InlineData("""{"environment": {"A": {"secret": 1234}}}""", "/environment/A/secret must be a text; got something else.")]
    [InlineData("""{"environment": {"A": {"secret": "x", "b": 1}}}""", "/environment/A/b is not known; known there are secret.")]
    [InlineData("""{"environment": {"A": {}}}""", "/environment/A/secret is missing.")]
    [InlineData("""{"environment": {"LARDER_X": "x"}}""", "The name of /environment/LARDER_X must be letters, digits and _, no digit first, and not begin with LARDER_.")]
    [InlineData("""{"environment": {"1A": "x"}}""", "The name of /environment/1A must be letters, digits and _, no digit first, and not begin with LARDER_.")]
    [InlineData("""{"environment": {"A=B~/": "x"}}""", "The name of /environment/A=B~0~1 must be letters, digits and _, no digit first, and not begin with LARDER_.")]
    [InlineData("""{"environment": {"A\n": "x"}}""", "The name of /environment/A? must be letters, digits and _, no digit first, and not begin with LARDER_.")]
    [InlineData("""{"environment": {"": "x"}}""", "The name of /environment/ must be letters, digits and _, no digit first, and not begin with LARDER_.")]
    [InlineData("""{"Timeout": 5}""", "/Timeout is not known; known there are image,")]
    [InlineData("[]", "The options must be an object; got a list.")]
    [InlineData("null", "The options must be an object; got null.")]
    [InlineData("""{"gpu": 1, "gpu": 2}""", "The options have a member twice.")]
    [InlineData("""{"gate": {"metric": "a", "metric": "b"}}""", "The options have a member twice.")]
    [InlineData("{", "The options are not JSON (line 1, byte 2).")]
    [InlineData("", "The options are not JSON (line 1, byte 1).")]
    public void What_is_wrong_is_refused_with_where_and_what_would_be_right(string json, string sentence)
    {
        var refused = Assert.Throws<InvalidRequestException>(() => Read(json));

        Assert.StartsWith(sentence, refused.Message);
    }

    [Fact]
    public void Long_values_are_shown_in_part_and_limits_count_characters_not_code_units()
    {
        var longest = string.Concat(Enumerable.Repeat("🌷", 512));

        Assert.Equal(longest, Read(JsonSerializer.Serialize(new { image = longest })).Image);
        var refused = Assert.Throws<InvalidRequestException>(() => Read(JsonSerializer.Serialize(new { image = longest + "x" })));
        Assert.Equal("/image must have at most 512 characters; it has 513.", refused.Message);
        refused = Assert.Throws<InvalidRequestException>(() => Read(JsonSerializer.Serialize(new { timeout = longest })));
        Assert.True(refused.Message.Length < 300, refused.Message);
        refused = Assert.Throws<InvalidRequestException>(() => Read(JsonSerializer.Serialize(new { arguments = new string[257] })));
        Assert.Equal("/arguments must have at most 256 items; it has 257.", refused.Message);
        refused = Assert.Throws<InvalidRequestException>(
            () => Read(JsonSerializer.Serialize(new { tags = Enumerable.Range(0, 101).ToDictionary(i => $"{i}", _ => "") })));
        Assert.Equal("/tags must have at most 100 members; it has 101.", refused.Message);
    }

    [Fact]
    public void Every_default_is_what_the_schema_itself_allows()
    {
        var defaults = new JsonObject();
        foreach (var (name, property) in Schema["properties"]!.AsObject())
        {
            if (property!["default"] is { } usual)
                defaults[name] = usual.DeepClone();
        }

        Assert.Equal(
            JsonSerializer.Serialize(new TrainOptions(), RegistryJson.Options),
            JsonSerializer.Serialize(Read(defaults.ToJsonString()), RegistryJson.Options));
        Assert.NotEmpty(defaults);
    }

    [Fact]
    public void A_schema_that_would_promise_what_nobody_checks_cannot_be_made()
    {
        Assert.Throws<ArgumentException>(() => new OptionValidator(JsonDocument.Parse("""{"properties":{"a":{"multipleOf":2}}}""").RootElement));
        Assert.Throws<InvalidOperationException>(() => new OptionSchema<Unbounded>());
    }

    private static TrainOptions Read(string json) => TrainOptions.Schema.Read(Encoding.UTF8.GetBytes(json));

    private static JsonNode Without(JsonNode property)
    {
        var copy = property.DeepClone();
        copy.AsObject().Remove("description");
        return copy;
    }

    private static void AssertJson(string expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), actual.ToJsonString());

    private sealed record Unbounded
    {
        [MaxLength(3)]
        public string Name { get; init; } = "";

        public int Count { get; init; }
    }
}
