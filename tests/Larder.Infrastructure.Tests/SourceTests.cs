namespace Larder.Infrastructure.Tests;

/// <summary>What is deployed keeps to every rule.</summary>
public sealed class SourceTests
{
    private static readonly IRule[] s_rules =
    [
        new UnusedRule(), new NamesRule(), new RolesRule(), new JsonRule(), new SecurityRule(), new SecretsRule(), new ModulesRule(), new VersionsRule(),
        new PortabilityRule(), new StartRule(), new StyleRule(),
    ];

    public static TheoryData<string> Rules => [.. s_rules.Select(rule => rule.GetType().Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Every_file_keeps_to_the_rule(string name)
    {
        var sources = Sources.Deployed();
        var rule = s_rules.Single(rule => rule.GetType().Name == name);
        var findings = sources.Files.SelectMany(file => rule.Check(file, sources).Select(finding => $"infra-bicep/{file.Path}:{finding.At}: {finding.Message}"));
        Assert.Empty(findings);
    }

    [Fact]
    public void Every_module_is_used()
    {
        var sources = Sources.Deployed();
        var used = sources.Files.SelectMany(file => file.All<ModuleDeclaration>().Select(module => sources.Find(file, module.Path)!.Path));
        Assert.Equal(
            sources.Files.Select(file => file.Path).Where(path => path.StartsWith("modules/", StringComparison.Ordinal)).Order(),
            used.Distinct().Order());
    }
}
