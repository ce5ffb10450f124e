using System.Text.Json;
using System.Text.RegularExpressions;
using Larder.Infrastructure.Tests.Compiling;

namespace Larder.Infrastructure.Tests.Deploying;

/// <summary>infra-bicep/README.md against the template.</summary>
[Collection(nameof(CompiledInfrastructure))]
public sealed partial class ReadmeTests(CompiledInfrastructure infrastructure)
{
    private static readonly string Readme = Repository.Read("infra-bicep/README.md");

    [BicepFact]
    public void The_table_has_every_type_of_resource_that_is_made()
    {
        var made = infrastructure.Everything.Resources.Concat(infrastructure.Container.Resources).Select(resource => Deployment.Text(resource, "type"))
            .Where(type => type.Count(c => c == '/') == 1 && type is not ("Microsoft.Authorization/roleAssignments" or "Microsoft.Insights/diagnosticSettings"));
        Assert.Equal(made.Distinct().Order(), Type().Matches(Readme).Select(match => match.Groups["type"].Value).Distinct().Order());
    }

    [Fact]
    public void The_table_has_every_role_that_is_given()
    {
        var roles = JsonDocument.Parse(Repository.Read("infra-bicep/roles.json")).RootElement.EnumerateObject().Select(role => role.Name);
        Assert.Equal([], roles.Where(role => !Readme.Contains($"`{role}`", StringComparison.Ordinal)));
    }

    [BicepFact]
    public void Parameters_that_it_names_exist()
    {
        var parameters = infrastructure.Template["parameters"]!.AsObject().Select(parameter => parameter.Key).ToHashSet();
        var named = Assignment().Matches(Readme).Select(match => match.Groups["name"].Value).ToList();

        Assert.NotEmpty(named);
        Assert.Equal([], named.Where(name => !parameters.Contains(name)));
    }

    [GeneratedRegex("`(?<type>Microsoft\\.[A-Za-z]+/[A-Za-z]+)`")]
    private static partial Regex Type();

    [GeneratedRegex("(?<=[` ])(?<name>[a-z][A-Za-z]+)=[a-z0-9]")]
    private static partial Regex Assignment();
}
