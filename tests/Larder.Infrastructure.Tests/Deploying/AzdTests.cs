using System.Text.RegularExpressions;
using Larder.Infrastructure.Tests.Compiling;
using YamlDotNet.RepresentationModel;

namespace Larder.Infrastructure.Tests.Deploying;

/// <summary>
/// azure.yaml by the rules of azd's schema (https://raw.githubusercontent.com/Azure/azure-dev/main/schemas/v1.0/azure.yaml.json) for what is used of it, and
/// against the template that it deploys. The schema lets unknown members pass, which azd then ignores; here they are findings.
/// </summary>
[Collection(nameof(CompiledInfrastructure))]
public sealed partial class AzdTests(CompiledInfrastructure infrastructure)
{
    private static readonly YamlMappingNode Project = Parse(Repository.Read("azure.yaml"));

    [Fact]
    public void The_file_is_as_the_schema_wants_it() => Assert.Empty(Findings(Project));

    [Theory]
    [InlineData("name: Larder", "name")]
    [InlineData("name: l", "name")]
    [InlineData("infra: {path: x}", "name")]
    [InlineData("name: larder\ninfra: {provider: Bicep}", "infra.provider")]
    [InlineData("name: larder\ninfra: {modul: main}", "infra.modul")]
    [InlineData("name: larder\nservices: {}", "services")]
    [InlineData("name: larder\nservices: {api: {host: function}}", "services.api.project")]
    [InlineData("name: larder\nservices: {api: {project: x}}", "services.api.host")]
    [InlineData("name: larder\nservices: {api: {host: function, project: x, image: y}}", "services.api.image")]
    [InlineData("name: larder\nhooks: {afterdeploy: {run: x}}", "hooks.afterdeploy")]
    [InlineData("name: larder\nhooks: {postdeploy: {shell: bash, run: x}}", "hooks.postdeploy.shell")]
    [InlineData("name: larder\nhooks: {postdeploy: {shell: sh}}", "hooks.postdeploy.run")]
    public void Another_file_is_refused(string text, string finding) => Assert.Equal([finding], Findings(Parse(text)));

    [Fact]
    public void What_it_names_is_there()
    {
        var service = (YamlMappingNode)Project["services"]["functions"];

        Assert.True(File.Exists(Repository.Path($"{Project["infra"]["path"]}/{Project["infra"]["module"]}.bicep")));
        Assert.Single(Directory.EnumerateFiles(Repository.Path($"{service["project"]}"), "*.csproj"));
        Assert.Equal(("dotnet", "function"), ($"{service["language"]}", $"{service["host"]}"));
        Assert.True(File.Exists(Repository.Path($"{Project["hooks"]["postdeploy"]["run"]}".Split(' ')[0])));
    }

    [BicepFact]
    public void The_service_is_deployed_to_the_resource_with_its_tag() => Assert.Equal(
        "functions", Deployment.Text(infrastructure.Plain.Of("Microsoft.Web/sites").Single(), "tags.azd-service-name"));

    [BicepFact]
    public void Its_hook_takes_outputs_of_the_template()
    {
        var outputs = infrastructure.Template["outputs"]!.AsObject().Select(output => output.Key);
        var taken = Variable().Matches($"{Project["hooks"]["postdeploy"]["run"]}").Select(match => match.Groups["name"].Value).ToList();

        Assert.Equal(["AZURE_RESOURCE_GROUP", "functionAppName", "eventTopicName"], taken);
        Assert.Empty(taken.Skip(1).Except(outputs));
    }

    private static IEnumerable<string> Findings(YamlMappingNode project)
    {
        if (!ProjectName().IsMatch(Text(project, "name")))
            yield return "name";
        foreach (var member in Members(project).Except(["name", "infra", "services", "hooks"]))
            yield return member;

        if (Find(project, "infra") is { } infra)
        {
            if (!Provider().IsMatch(Text(infra, "provider")))
                yield return "infra.provider";
            foreach (var member in Members(infra).Except(["provider", "path", "module"]))
                yield return $"infra.{member}";
        }

        if (Find(project, "services") is { Children.Count: 0 })
            yield return "services";
        foreach (var (name, service) in Children(project, "services"))
        {
            // A function has a project and no image, and neither Docker's nor Kubernetes' settings.
            foreach (var missing in new[] { "host", "project" }.Where(member => Text((YamlMappingNode)service, member).Length == 0))
                yield return $"services.{name}.{missing}";
            foreach (var member in Members((YamlMappingNode)service).Except(["project", "language", "host"]))
                yield return $"services.{name}.{member}";
        }

        foreach (var (name, hook) in Children(project, "hooks"))
        {
            if (!HookName().IsMatch($"{name}"))
                yield return $"hooks.{name}";
            if (Text((YamlMappingNode)hook, "shell") is not ("" or "sh" or "pwsh"))
                yield return $"hooks.{name}.shell";
            if (Text((YamlMappingNode)hook, "run").Length == 0)
                yield return $"hooks.{name}.run";
        }
    }

    private static YamlMappingNode Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    private static IEnumerable<string> Members(YamlMappingNode node) => node.Children.Keys.Select(key => $"{key}");

    private static YamlMappingNode? Find(YamlMappingNode node, string member) => node.Children.TryGetValue(member, out var value) ? (YamlMappingNode)value : null;

    private static IEnumerable<KeyValuePair<YamlNode, YamlNode>> Children(YamlMappingNode node, string member) => Find(node, member)?.Children.AsEnumerable() ?? [];

    private static string Text(YamlMappingNode node, string member) => node.Children.TryGetValue(member, out var value) ? $"{value}" : "";

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])$")]
    private static partial Regex ProjectName();

    [GeneratedRegex("^([a-z0-9.]+)?$")]
    private static partial Regex Provider();

    [GeneratedRegex("^(pre|post)(provision|infracreate|infradelete|down|up|package|publish|deploy|restore)$")]
    private static partial Regex HookName();

    [GeneratedRegex(@"\$(?<name>\w+)")]
    private static partial Regex Variable();
}
