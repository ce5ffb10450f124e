namespace Larder.Infrastructure.Tests;

/// <summary>The application settings that the Bicep sources set: the properties of every object in a variable called ...Settings.</summary>
internal static class DeployedSettings
{
    /// <summary>Keys as configuration has them, with colons.</summary>
    public static IReadOnlySet<string> Keys { get; } = Sources.Deployed().Files
        .SelectMany(file => file.All<VariableDeclaration>())
        .Where(variable => variable.Name.EndsWith("Settings", StringComparison.Ordinal))
        .SelectMany(variable => variable.Content.All().OfType<PropertyExpression>())
        .Select(property => property.Key.Text!.Replace("__", ":", StringComparison.Ordinal))
        .ToHashSet();
}
