using System.Text.RegularExpressions;
using Larder.Infrastructure.Tests.Compiling;
using YamlDotNet.RepresentationModel;

namespace Larder.Infrastructure.Tests.Deploying;

/// <summary>The workflows of .github, and what they run.</summary>
[Collection(nameof(CompiledInfrastructure))]
public sealed partial class WorkflowTests(CompiledInfrastructure infrastructure)
{
    private static IEnumerable<string> Names => Directory.EnumerateFiles(Repository.Path(".github/workflows")).Select(file => Path.GetFileName(file)!);

    public static TheoryData<string> Workflows => [.. Names];

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Every_step_runs_a_command_or_uses_a_pinned_action(string workflow)
    {
        var steps = Steps(workflow).ToList();

        Assert.NotEmpty(steps);
        Assert.All(steps, step => Assert.True(step.Children.ContainsKey("uses") ^ step.Children.ContainsKey("run")));
        Assert.All(steps.Where(step => step.Children.ContainsKey("uses")), step => Assert.Matches(Pinned(), Text(step, "uses")));
    }

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Jobs_end_and_have_the_least_permissions(string workflow)
    {
        var root = Root(workflow);

        Assert.All(Jobs(root), job => Assert.True(job.Children.ContainsKey("timeout-minutes")));
        var permissions = ((YamlMappingNode)root["permissions"]).Children.Select(permission => $"{permission.Key}: {permission.Value}").Order();
        Assert.Equal(
            workflow switch
            {
                "deploy.yml" => ["contents: read", "id-token: write"],
                "codeql.yml" => ["contents: read", "security-events: write"],
                _ => (string[])["contents: read"],
            },
            permissions);
        Assert.DoesNotContain("secrets.", Repository.Read($".github/workflows/{workflow}"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_one_job_that_may_write_is_the_one_that_publishes_a_release_and_it_runs_nothing_of_the_repository()
    {
        var writers = Names.SelectMany(workflow => ((YamlMappingNode)Root(workflow)["jobs"]).Children)
            .Where(job => ((YamlMappingNode)job.Value).Children.ContainsKey("permissions"))
            .ToList();

        var (name, publish) = (Assert.Single(writers).Key, (YamlMappingNode)writers[0].Value);
        Assert.Equal("publish", $"{name}");
        Assert.Equal("contents: write", $"{Assert.Single(((YamlMappingNode)publish["permissions"]).Children).Key}: {((YamlMappingNode)publish["permissions"])["contents"]}");
        Assert.DoesNotContain(((YamlSequenceNode)publish["steps"]).Children.Cast<YamlMappingNode>(), step => step.Children.ContainsKey("uses") && Text(step, "uses").StartsWith("actions/checkout@", StringComparison.Ordinal));
    }

    [Fact]
    public void A_release_is_made_by_the_script_that_runs_on_any_machine_and_its_sums_are_checked()
    {
        var commands = Commands("release.yml").ToList();

        Assert.Contains(commands, command => command.Contains(".ci/release \"$RUNNER_TEMP/release\"", StringComparison.Ordinal) && command.Contains(".ci/licences check", StringComparison.Ordinal));
        Assert.Contains(commands, command => command.Contains("sha256sum --check SHA256SUMS", StringComparison.Ordinal));
    }

    [Fact]
    public void Commands_name_files_that_exist()
    {
        var named = Names.SelectMany(Commands).SelectMany(command => RepositoryFile().Matches(command).Select(match => match.Value)).Distinct().ToList();

        Assert.NotEmpty(named);
        Assert.Equal([], named.Where(name => !Path.Exists(Repository.Path(name))));
    }

    [Theory]
    [MemberData(nameof(Workflows))]
    public void What_others_may_write_is_never_part_of_a_command(string workflow) =>
        Assert.Equal([], Commands(workflow).Where(command => command.Contains("${{", StringComparison.Ordinal)));

    [Fact]
    public void The_tests_are_those_that_the_project_promises() => Assert.Contains(".ci/run", Commands("ci.yml"));

    [Fact]
    public void What_is_deployed_is_the_publish_output_of_the_app() =>
        Assert.Contains(Commands("deploy.yml"), command => command.Contains("dotnet publish functions --configuration Release --output ", StringComparison.Ordinal));

    [Fact]
    public void Public_CI_builds_with_the_package_that_has_a_stand_in() =>
        Assert.Contains(Commands("ci.yml"), command => command.Contains("--property:ContainerInstancePackage=official", StringComparison.Ordinal));

    [Fact]
    public void Public_CI_drops_a_model_under_Core_Tools()
    {
        var commands = Commands("ci.yml").ToList();

        Assert.Contains(commands, command => command.Contains("func start", StringComparison.Ordinal));
        Assert.Contains(commands, command => command.StartsWith("samples/smoke/drop http://127.0.0.1:", StringComparison.Ordinal));
    }

    [BicepFact]
    public void Outputs_that_are_asked_for_exist()
    {
        var outputs = infrastructure.Template["outputs"]!.AsObject().Select(output => output.Key).ToList();
        var asked = OutputLoop().Match(Repository.Read(".github/workflows/deploy.yml")).Groups["names"].Value.Split(' ')
            .Concat(OutputCall().Matches(Repository.Read("infra-bicep/scripts/deploy.sh")).Select(match => match.Groups["name"].Value)).ToList();

        Assert.Equal(["endpoint", "eventTopicName", "functionAppName"], asked.Distinct().Order());
        Assert.Empty(asked.Except(outputs));
    }

    private static YamlMappingNode Root(string workflow)
    {
        var stream = new YamlStream();
        using var reader = new StreamReader(Repository.Path($".github/workflows/{workflow}"));
        stream.Load(reader);
        return (YamlMappingNode)Assert.Single(stream.Documents).RootNode;
    }

    private static IEnumerable<YamlMappingNode> Jobs(YamlMappingNode root) => ((YamlMappingNode)root["jobs"]).Children.Values.Cast<YamlMappingNode>();

    private static IEnumerable<YamlMappingNode> Steps(string workflow) =>
        Jobs(Root(workflow)).SelectMany(job => ((YamlSequenceNode)job["steps"]).Children.Cast<YamlMappingNode>());

    private static IEnumerable<string> Commands(string workflow) => Steps(workflow).Where(step => step.Children.ContainsKey("run")).Select(step => Text(step, "run"));

    private static string Text(YamlMappingNode node, string key) => ((YamlScalarNode)node[key]).Value!;

    // GitHub's and Azure's own actions by major version, as they recommend; those of others by commit.
    [GeneratedRegex("^((actions|azure|github)/[a-z-]+(/[a-z-]+)?@v[0-9]+|[\\w.-]+/[\\w.-]+@[0-9a-f]{40})$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"(?<=^|[\s""])(infra-bicep/[\w./-]+|\.ci/[\w-]+|\.config/[\w.-]+\w|(?<=publish )functions)", RegexOptions.Multiline)]
    private static partial Regex RepositoryFile();

    [GeneratedRegex("for name in (?<names>[^;]+); do")]
    private static partial Regex OutputLoop();

    [GeneratedRegex(@"\$\(output (?<name>\w+)\)")]
    private static partial Regex OutputCall();
}
