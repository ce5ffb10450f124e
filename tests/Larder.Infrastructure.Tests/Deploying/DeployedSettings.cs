namespace Larder.Infrastructure.Tests;

/// <summary>The application settings that the Bicep sources set: the properties of every object in a variable called ...Settings.</summary>
internal static class DeployedSettings
{
    /// <summary>Keys as configuration has them, with colons; an index of a list is left out.</summary>
    public static IReadOnlySet<string> Keys { get; } = Sources.Deployed().Files
        .SelectMany(file => file.All<VariableDeclaration>())
        .Where(variable => variable.Name.EndsWith("Settings", StringComparison.Ordinal))
        .SelectMany(variable => Written(variable.Content))
        .Select(key => key.Replace("__", ":", StringComparison.Ordinal))
        .ToHashSet();

    private static IEnumerable<string> Written(Expression value) =>
        value.All().SelectMany(expression => expression switch
        {
            ObjectExpression properties => properties.Properties.Select(property => property.Key.Text!),
            // The keys of a list end in a number that only the deployment knows.
            CallExpression { Function: "toObject", Arguments: [_, LambdaExpression { Body: StringExpression { Texts: [var text, ""] } }, ..] } => [text.TrimEnd('_')],
            _ => [],
        });
}
