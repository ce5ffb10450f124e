using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests.Containers;

/// <summary>.devcontainer against what the project needs.</summary>
public sealed partial class DevContainerTests
{
    private static readonly JsonNode File = JsonNode.Parse(Repository.Read(".devcontainer/devcontainer.json"), documentOptions: new() { CommentHandling = JsonCommentHandling.Skip })!;

    [Fact]
    public void It_has_the_SDK_of_the_sources_Node_Python_and_Core_Tools()
    {
        var framework = Framework().Match(Repository.Read("Directory.Build.props")).Groups["version"].Value;

        Assert.Contains($"/dotnet:{framework}-", $"{File["image"]}", StringComparison.Ordinal);
        Assert.All(["/node:", "/python:", "/azure-functions-core-tools:"], feature => Assert.Contains(File["features"]!.AsObject(), given => given.Key.Contains(feature, StringComparison.Ordinal)));
    }

    [Fact]
    public void It_installs_what_continuous_integration_installs_but_a_browser()
    {
        var script = Repository.Read($"{File["postCreateCommand"]}");
        var packages = Installed().Matches(Repository.Read(".ci/run")).SelectMany(match => match.Groups["packages"].Value.Split(' ')).ToList();

        Assert.Contains("bubblewrap", packages);
        Assert.Equal(["chromium-headless-shell"], packages.Where(package => !script.Contains($" {package}", StringComparison.Ordinal)));
    }

    [GeneratedRegex("<TargetFramework>net(?<version>[^<]+)<")]
    private static partial Regex Framework();

    [GeneratedRegex(@"\|\| install (?<packages>[a-z0-9 -]+)$", RegexOptions.Multiline)]
    private static partial Regex Installed();
}
