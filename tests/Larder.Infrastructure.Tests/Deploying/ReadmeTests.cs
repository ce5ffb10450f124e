using System.Text.Json;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

public sealed partial class ReadmeTests
{
    private static readonly string s_readme = Repository.Read("infra-bicep/README.md");

    [Fact]
    public void The_table_has_every_type_of_resource_that_is_made()
    {
        var made = Sources.Deployed().Files.SelectMany(file => file.Made).Select(resource => resource.Type)
            .Where(type => type.Count(c => c == '/') == 1 && type is not ("Microsoft.Authorization/roleAssignments" or "Microsoft.Insights/diagnosticSettings"));
        Assert.Equal(made.Distinct().Order(), Type().Matches(s_readme).Select(match => match.Groups["type"].Value).Distinct().Order());
    }

    [Fact]
    public void The_table_has_every_role_that_is_given()
    {
        var roles = JsonDocument.Parse(Repository.Read("infra-bicep/roles.json")).RootElement.EnumerateObject().Select(role => role.Name);
        Assert.Equal([], roles.Where(role => !s_readme.Contains($"`{role}`", StringComparison.Ordinal)));
    }

    [Fact]
    public void Parameters_that_it_names_exist()
    {
        var parameters = Sources.Deployed().Files.Single(file => file.Path == "main.bicep").All<ParameterDeclaration>().Select(parameter => parameter.Name).ToHashSet();
        var named = Assignment().Matches(s_readme).Select(match => match.Groups["name"].Value).ToList();

        Assert.NotEmpty(named);
        Assert.Equal([], named.Where(name => !parameters.Contains(name)));
    }

    [GeneratedRegex("`(?<type>Microsoft\\.[A-Za-z]+/[A-Za-z]+)`")]
    private static partial Regex Type();

    [GeneratedRegex("(?<=[` ])(?<name>[a-z][A-Za-z]+)=[a-z0-9]")]
    private static partial Regex Assignment();
}
