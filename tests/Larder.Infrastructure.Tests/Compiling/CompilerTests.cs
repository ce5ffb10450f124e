namespace Larder.Infrastructure.Tests.Compiling;

/// <summary>What the compiler and its linter say of infra-bicep.</summary>
[Collection(nameof(CompiledInfrastructure))]
public sealed class CompilerTests(CompiledInfrastructure infrastructure)
{
    [BicepFact]
    public void The_template_builds_without_a_warning() => Assert.Equal((0, ""), (infrastructure.Build.ExitCode, infrastructure.Build.Errors));

    [BicepFact]
    public void The_parameters_file_builds_without_a_warning() => Assert.Equal((0, ""), (infrastructure.BuildParameters.ExitCode, infrastructure.BuildParameters.Errors));

    [BicepFact]
    public void The_linter_has_nothing_to_say() =>
        Assert.Equal((0, "", ""), (infrastructure.Lint.ExitCode, infrastructure.Lint.Output, infrastructure.Lint.Errors));

    [BicepTheory]
    [InlineData("outputs-should-not-contain-secrets", "function 'listKeys'")]
    [InlineData("outputs-should-not-contain-secrets", "secure value 'token'")]
    [InlineData("secure-secrets-in-params", "'adminPassword'")]
    [InlineData("secure-parameter-default", "")]
    [InlineData("no-hardcoded-location", "'westeurope'")]
    [InlineData("no-hardcoded-env-urls", "core.windows.net")]
    [InlineData("no-unused-vars", "\"unused\"")]
    [InlineData("use-description-params", "\"adminPassword\"")]
    public void The_linter_refuses(string rule, string what)
    {
        Assert.Equal(1, infrastructure.WrongLint.ExitCode);
        Assert.Contains((infrastructure.WrongLint.Output + infrastructure.WrongLint.Errors).Split('\n'), line =>
            line.Contains($"Error {rule}:", StringComparison.Ordinal) && line.Contains(what, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_module_is_used()
    {
        var main = Repository.Read("infra-bicep/main.bicep");
        var modules = Directory.EnumerateFiles(Repository.Path("infra-bicep/modules")).Select(file => $"'modules/{Path.GetFileName(file)}'").ToList();

        Assert.NotEmpty(modules);
        Assert.All(modules, module => Assert.Contains(module, main, StringComparison.Ordinal));
    }
}
