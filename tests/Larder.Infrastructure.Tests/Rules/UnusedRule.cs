namespace Larder.Infrastructure.Tests;

/// <summary>no-unused-params, no-unused-vars, no-unused-existing-resources.</summary>
internal sealed class UnusedRule : IRule
{
    public IEnumerable<Finding> Check(BicepFile file, Sources sources)
    {
        var used = file.Declarations.SelectMany(declaration => declaration.Expressions()).OfType<NameExpression>().Select(name => name.Name).ToHashSet();
        return from declaration in file.Declarations
               where declaration is VariableDeclaration or ResourceDeclaration { Existing: true } || declaration is ParameterDeclaration && !file.IsParameters
               where !used.Contains(declaration.Name)
               select new Finding(declaration.At, $"'{declaration.Name}' is not used");
    }
}
