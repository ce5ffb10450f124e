namespace Larder.Infrastructure.Tests;

/// <summary>
/// What must be known when a deployment starts: loops, conditions, and names of resources. Outputs of modules and properties of resources
/// come later, so Bicep refuses them there.
/// </summary>
internal sealed class StartRule : IRule
{
    public IEnumerable<Finding> Check(BicepFile file, Sources sources) =>
        file.Declarations.SelectMany(declaration => declaration.Expressions()).SelectMany(Early)
            .Concat(file.All<ResourceDeclaration>().SelectMany(resource => Named(resource.Body)))
            .Concat(file.All<ModuleDeclaration>().SelectMany(module => Named(module.Body)))
            .SelectMany(early => Late(file, early.Value).Select(late => new Finding(Start(early.Value), $"{early.What} must be known at the start; '{late}' comes later")));

    private static IEnumerable<(string What, Expression Value)> Early(Expression expression) => expression switch
    {
        ForExpression loop => [("what a loop goes over", loop.Source)],
        IfExpression condition => [("a condition", condition.Condition)],
        _ => [],
    };

    private static IEnumerable<(string What, Expression Value)> Named(Expression body) => body.Find("name") is { } name ? [("a name", name)] : [];

    // Of a.b.c the place is its last point.
    private static Position Start(Expression value) => value.All().Select(part => part.At).MinBy(at => (at.Line, at.Column));

    private static IEnumerable<string> Late(BicepFile file, Expression value)
    {
        var modules = file.All<ModuleDeclaration>().Select(module => module.Name).ToHashSet();
        var resources = file.All<ResourceDeclaration>().Select(resource => resource.Name).ToHashSet();
        foreach (var member in file.Reached(value).OfType<MemberExpression>())
        {
            if (member.Target is not NameExpression name)
                continue;
            if (modules.Contains(name.Name) && member.Member == "outputs" || resources.Contains(name.Name) && member.Member == "properties")
                yield return $"{name.Name}.{member.Member}";
        }
    }
}
