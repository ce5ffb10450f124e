namespace Larder.Infrastructure.Tests;

/// <summary>Modules exist, get every parameter that they need and none that they do not know, and have the outputs that are asked for.</summary>
internal sealed class ModulesRule : IRule
{
    public IEnumerable<Finding> Check(BicepFile file, Sources sources) =>
        file.All<ModuleDeclaration>().SelectMany(module => Module(file, sources, module)).Concat(Parameters(file, sources));

    private static IEnumerable<Finding> Module(BicepFile file, Sources sources, ModuleDeclaration module)
    {
        if (sources.Find(file, module.Path) is not { } target)
            return [new(module.At, $"there is no {module.Path}")];
        var given = (module.Body.Find("params") as ObjectExpression)?.Properties.Select(property => (property.At, Name: property.Key.Text ?? "", property.Value)) ?? [];
        return Compare(module.At, target, [.. given]).Concat(Outputs(file, module, target));
    }

    private static IEnumerable<Finding> Parameters(BicepFile file, Sources sources)
    {
        if (!file.IsParameters)
            return [];
        if (file.All<UsingDeclaration>().FirstOrDefault() is not { } header)
            return [new(new(1, 1), "a parameters file begins with using")];
        return sources.Find(file, header.Path) is { } target
            ? Compare(header.At, target, [.. file.All<ParameterDeclaration>().Select(parameter => (parameter.At, parameter.Name, parameter.Default!))])
            : [new(header.At, $"there is no {header.Path}")];
    }

    private static IEnumerable<Finding> Compare(Position at, BicepFile target, IReadOnlyList<(Position At, string Name, Expression Value)> given)
    {
        foreach (var parameter in target.All<ParameterDeclaration>())
        {
            var optional = parameter.Default is not null || parameter.Type!.EndsWith('?');
            if (!optional && given.All(value => value.Name != parameter.Name))
                yield return new(at, $"{target.Path} needs the parameter '{parameter.Name}'");
        }
        foreach (var value in given)
        {
            if (target.All<ParameterDeclaration>().FirstOrDefault(parameter => parameter.Name == value.Name) is not { } parameter)
                yield return new(value.At, $"{target.Path} has no parameter '{value.Name}'");
            else if (Type(value.Value) is { } type && type != parameter.Type!.TrimEnd('?'))
                yield return new(value.At, $"'{value.Name}' is of type {parameter.Type}, not {type}");
            else if (value.Value.Text is { } text && Allowed(parameter) is { } allowed && !allowed.Contains(text))
                yield return new(value.At, $"'{value.Name}' must be one of {string.Join(", ", allowed)}; got '{text}'");
        }
    }

    private static IEnumerable<Finding> Outputs(BicepFile file, ModuleDeclaration module, BicepFile target) =>
        from member in file.Declarations.SelectMany(declaration => declaration.Expressions()).OfType<MemberExpression>()
        where member.Target is MemberExpression { Member: "outputs", Target: NameExpression name } && name.Name == module.Name
        where target.All<OutputDeclaration>().All(output => output.Name != member.Member)
        select new Finding(member.At, $"{target.Path} has no output '{member.Member}'");

    private static List<string>? Allowed(ParameterDeclaration parameter) =>
        parameter.Decorator("allowed")?.Arguments is [ArrayExpression { Items: var items }] && items.All(item => item.Text is not null)
            ? [.. items.Select(item => item.Text!)]
            : null;

    /// <summary>The type of a value, where it is plain to see.</summary>
    private static string? Type(Expression value) => value switch
    {
        StringExpression => "string",
        NumberExpression => "int",
        BooleanExpression => "bool",
        ArrayExpression => "array",
        ObjectExpression => "object",
        _ => null,
    };
}
