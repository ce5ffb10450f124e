namespace Larder.Infrastructure.Tests;

/// <summary>use-description, use-parent-property, simplify-interpolation.</summary>
internal sealed class StyleRule : IRule
{
    public IEnumerable<Finding> Check(BicepFile file, Sources sources)
    {
        foreach (var declaration in file.Declarations)
        {
            var described = declaration is OutputDeclaration || declaration is ParameterDeclaration && !file.IsParameters;
            if (described && string.IsNullOrEmpty(declaration.Decorator("description")?.Arguments.FirstOrDefault()?.Text))
                yield return new(declaration.At, $"'{declaration.Name}' has no description");
        }
        foreach (var resource in file.All<ResourceDeclaration>())
        {
            if (resource.Type.Count(c => c == '/') > 1 && resource.Body.Find("parent") is null)
                yield return new(resource.At, $"'{resource.Name}' is part of another resource: name it with parent");
        }
        foreach (var text in file.Declarations.SelectMany(declaration => declaration.Expressions()).OfType<StringExpression>())
        {
            if (text is { Texts: ["", ""], Holes: [not null] } && !IsKey(file, text))
                yield return new(text.At, "a string that is nothing but ${...} is what is in it");
        }
    }

    // As the name of a property, it is the only way to write one.
    private static bool IsKey(BicepFile file, StringExpression text) =>
        file.Declarations.SelectMany(declaration => declaration.Expressions()).OfType<PropertyExpression>().Any(property => ReferenceEquals(property.Key, text));
}
