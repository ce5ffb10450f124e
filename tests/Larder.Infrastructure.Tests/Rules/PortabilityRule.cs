using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests;

/// <summary>no-hardcoded-location, no-loc-expr-outside-params, no-hardcoded-env-urls: nothing of one subscription, region or cloud.</summary>
internal sealed partial class PortabilityRule : IRule
{
    // Names are known everywhere, so their zones are too.
    private const string Everywhere = "Microsoft.Network/privateDnsZones";

    public IEnumerable<Finding> Check(BicepFile file, Sources sources) => Texts(file).Concat(Locations(file)).Concat(LocationCalls(file));

    private static IEnumerable<Finding> Texts(BicepFile file)
    {
        foreach (var text in file.Declarations.SelectMany(declaration => declaration.Expressions()).OfType<StringExpression>())
        {
            foreach (var part in text.Texts)
            {
                if (Region().IsMatch(part))
                    yield return new(text.At, $"'{part}' is a region: take it from the parameter location");
                if (Host().IsMatch(part))
                    yield return new(text.At, $"'{part}' is a host of one cloud: take it from environment()");
                if (ResourceId().IsMatch(part))
                    yield return new(text.At, $"'{part}' is a resource id: take it from the resource");
            }
        }
    }

    private static IEnumerable<Finding> Locations(BicepFile file) =>
        from resource in file.Made
        let location = resource.Body.Find("location")
        where location is not null
        where location is not NameExpression { Name: "location" } && !(location.Text == "global" && resource.Type.StartsWith(Everywhere, StringComparison.Ordinal))
        select new Finding(location.At, $"the location of '{resource.Name}' must be the parameter location");

    private static IEnumerable<Finding> LocationCalls(BicepFile file) =>
        from declaration in file.Declarations
        where declaration is not ParameterDeclaration
        from member in declaration.Expressions().OfType<MemberExpression>()
        where member is { Member: "location", Target: CallExpression { Function: "resourceGroup" or "deployment" } }
        select new Finding(member.At, "the location of the resource group is only the default of the parameter location");

    [GeneratedRegex("^(australia|austria|brazil|canada|central|chile|east|france|germany|indonesia|israel|italy|japan|jioindia|korea|malaysia|mexico|newzealand|north|norway|poland|qatar|south|spain|sweden|switzerland|uae|uk|west)[a-z]*(us|india|asia|africa|europe|central|east|west|north|south|southeast)[23]?$")]
    private static partial Regex Region();

    [GeneratedRegex(@"(core\.windows\.net|management\.azure\.com|management\.core|login\.microsoftonline\.com|database\.windows\.net|vault\.azure\.net|graph\.windows\.net|azurewebsites\.net)", RegexOptions.IgnoreCase)]
    private static partial Regex Host();

    [GeneratedRegex("/subscriptions/|/resourceGroups/|/providers/", RegexOptions.IgnoreCase)]
    private static partial Regex ResourceId();
}
