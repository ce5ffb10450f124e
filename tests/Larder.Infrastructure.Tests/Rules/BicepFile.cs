namespace Larder.Infrastructure.Tests;

/// <summary>A file, read.</summary>
/// <param name="Path">Relative to infra-bicep/, with slashes.</param>
/// <param name="Declarations">In their order.</param>
internal sealed record BicepFile(string Path, IReadOnlyList<Declaration> Declarations)
{
    public bool IsParameters => Path.EndsWith(".bicepparam", StringComparison.Ordinal);

    public IEnumerable<T> All<T>()
        where T : Declaration =>
        Declarations.OfType<T>();

    /// <summary>The resources that this file makes.</summary>
    public IEnumerable<ResourceDeclaration> Made => All<ResourceDeclaration>().Where(resource => !resource.Existing);

    /// <summary>All that a value is made of, variables included.</summary>
    public IEnumerable<Expression> Reached(Expression value) => Reached(value, []);

    private IEnumerable<Expression> Reached(Expression value, HashSet<string> seen)
    {
        foreach (var expression in value.All())
        {
            yield return expression;
            if (expression is not NameExpression name || !seen.Add(name.Name))
                continue;
            foreach (var inner in All<VariableDeclaration>().Where(variable => variable.Name == name.Name).SelectMany(variable => Reached(variable.Content, seen)))
                yield return inner;
        }
    }
}
