using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Infrastructure.Tests.Compiling;

namespace Larder.Infrastructure.Tests.Rules;

/// <summary>
/// The template reads no key, and no output of it or of a module shows a secret: outputs stay readable in the history of deployments. What Bicep's linter
/// finds (secure parameters in outputs, in defaults) is left to it; this is the rest.
/// </summary>
internal static partial class SecretsRule
{
    /// <param name="template">The compiled template, with its modules in it.</param>
    /// <param name="at">Where it is.</param>
    public static IEnumerable<string> Findings(JsonNode template, string at = "main")
    {
        foreach (var (name, output) in template["outputs"]?.AsObject() ?? [])
        {
            if (SecretProperty().Match(output!["value"]!.ToJsonString()) is { Success: true } match)
                yield return $"the output {name} of {at} shows {match.Value}";
        }
        // Bicep writes an object of symbolic names, or an array where none is referred to.
        var resources = template["resources"] as JsonArray ?? [.. template["resources"]!.AsObject().Select(resource => resource.Value!.DeepClone())];
        foreach (var resource in resources)
        {
            if (Deployment.Text(resource!, "type") == "Microsoft.Resources/deployments" && Deployment.Find(resource!, "properties.template") is { } module)
            {
                foreach (var finding in Findings(module, ModuleName().Match($"{resource!["name"]}").Groups["name"].Value))
                    yield return finding;
            }
            else if (KeyCall().Match(resource!.ToJsonString()) is { Success: true } match)
            {
                yield return $"a {resource["type"]} of {at} calls {match.Value}";
            }
        }
    }

    [GeneratedRegex(@"\blist\w*(?=\()|\b(connectionString|instrumentationKey|primaryKey|secondaryKey|password|sharedKey)\b", RegexOptions.IgnoreCase)]
    private static partial Regex SecretProperty();

    [GeneratedRegex(@"^\[format\('(?<name>\w+)-\{0")]
    private static partial Regex ModuleName();

    [GeneratedRegex(@"\blist\w*(?=\()")]
    private static partial Regex KeyCall();
}
