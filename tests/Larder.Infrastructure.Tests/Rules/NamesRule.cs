namespace Larder.Infrastructure.Tests;

/// <summary>Every name is declared, once, and every function is one of Bicep's.</summary>
internal sealed class NamesRule : IRule
{
    private static readonly HashSet<string> s_functions =
    [
        "cidrSubnet", "concat", "empty", "environment", "guid", "items", "join",
        "loadJsonContent", "min", "readEnvironmentVariable", "resourceGroup", "string", "subscription",
        "subscriptionResourceId", "take", "tenant", "toLower", "union", "uniqueString",
    ];

    private static readonly HashSet<string> s_decorators =
        ["allowed", "description", "maxLength", "maxValue", "minLength", "minValue", "secure"];

    public IEnumerable<Finding> Check(BicepFile file, Sources sources)
    {
        // Outputs and metadata have names of their own.
        var named = file.Declarations.Where(declaration => declaration is not (OutputDeclaration or MetadataDeclaration) && declaration.Name.Length > 0).ToList();
        var twice = named.GroupBy(declaration => declaration.Name).SelectMany(group => group.Skip(1))
            .Concat(file.All<OutputDeclaration>().GroupBy(output => output.Name).SelectMany(group => group.Skip(1)))
            .Select(declaration => new Finding(declaration.At, $"'{declaration.Name}' is declared twice"));
        var known = named.Select(declaration => declaration.Name).ToHashSet();
        var unknown = file.Declarations.SelectMany(declaration => declaration.Value is null ? [] : Unknown(declaration.Value, known));
        var decorators = file.Declarations.SelectMany(declaration => declaration.Decorators)
            .Where(decorator => !s_decorators.Contains(decorator.Function))
            .Select(decorator => new Finding(decorator.At, $"'@{decorator.Function}' is no decorator that this rule knows"));
        return twice.Concat(unknown).Concat(decorators);
    }

    private static IEnumerable<Finding> Unknown(Expression expression, IReadOnlySet<string> known)
    {
        switch (expression)
        {
            case NameExpression name when !known.Contains(name.Name):
                yield return new(name.At, $"'{name.Name}' is not declared");
                break;
            case CallExpression { Target: null } call when !s_functions.Contains(call.Function):
                yield return new(call.At, $"'{call.Function}' is no function that this rule knows");
                break;
        }
        var inner = expression switch
        {
            ForExpression loop => Unknown(loop.Source, known).Concat(Unknown(loop.Body, With(known, loop.Index is null ? [loop.Item] : [loop.Item, loop.Index]))),
            _ => expression.Parts.SelectMany(part => Unknown(part, known)),
        };
        foreach (var finding in inner)
            yield return finding;
    }

    private static HashSet<string> With(IReadOnlySet<string> known, IEnumerable<string> more) => [.. known, .. more];
}
