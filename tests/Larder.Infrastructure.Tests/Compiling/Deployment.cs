using System.Text.Json.Nodes;

namespace Larder.Infrastructure.Tests.Compiling;

/// <summary>
/// The ARM resources that the template makes with certain parameters, as <c>bicep snapshot</c> predicts them: modules, loops, conditions and variables are
/// resolved; what only Azure knows (ids of principals, end points) is still an expression.
/// </summary>
internal sealed class Deployment
{
    public const string AppSettings = "Microsoft.Web/sites/config";

    public const string ContainerApp = "Microsoft.App/containerApps";

    private readonly JsonArray _resources;

    private Deployment(JsonArray resources) => _resources = resources;

    public IEnumerable<JsonObject> Resources => _resources.Select(resource => resource!.AsObject());

    /// <summary>The values of the settings of the function app, or of the container, by name.</summary>
    public IReadOnlyDictionary<string, string> Settings => Of(ContainerApp).SingleOrDefault() is { } app
        ? app["properties"]!["template"]!["containers"]![0]!["env"]!.AsArray().ToDictionary(setting => Text(setting!, "name"), setting => setting!["value"]!.GetValue<string>())
        : Of(AppSettings).Single(IsAppSettings)["properties"]!.AsObject().ToDictionary(setting => setting.Key, setting => setting.Value!.GetValue<string>());

    public static Deployment Parse(string snapshot) => new(JsonNode.Parse(snapshot)!["predictedResources"]!.AsArray());

    public IEnumerable<JsonObject> Of(string type) => Resources.Where(resource => Text(resource, "type") == type);

    /// <summary>This deployment with one resource changed: what a rule must find.</summary>
    /// <param name="type">The first resource of this type is changed.</param>
    /// <param name="change">What becomes of it.</param>
    public Deployment With(string type, Action<JsonObject> change)
    {
        var copy = new Deployment(_resources.DeepClone().AsArray());
        change(copy.Of(type).First(resource => type != AppSettings || IsAppSettings(resource)));
        return copy;
    }

    /// <summary>This deployment with one property of one resource changed.</summary>
    /// <param name="type">The first resource of this type is changed.</param>
    /// <param name="path">The property, with points between the levels.</param>
    /// <param name="value">Its new value as JSON; null removes it.</param>
    public Deployment With(string type, string path, string? value) => With(type, resource =>
    {
        var parts = path.Split('.');
        var parent = parts[..^1].Aggregate<string, JsonNode>(resource, (node, part) => node[part]!).AsObject();
        if (value is null)
            Assert.True(parent.Remove(parts[^1]), $"{type} has no {path}.");
        else
            parent[parts[^1]] = JsonNode.Parse(value);
    });

    /// <summary>This deployment without the resources that a condition fits.</summary>
    public Deployment Without(Func<JsonObject, bool> condition)
    {
        var copy = new Deployment(_resources.DeepClone().AsArray());
        Assert.NotEqual(0, copy._resources.RemoveAll(resource => condition(resource!.AsObject())));
        return copy;
    }

    /// <summary>The text of a property, or of the JSON that it is; empty when it is missing.</summary>
    /// <param name="node">Where the path begins.</param>
    /// <param name="path">The property, with points between the levels.</param>
    public static string Text(JsonNode node, string path) => Find(node, path)?.ToString() ?? "";

    /// <summary>A property; null when it is missing.</summary>
    public static JsonNode? Find(JsonNode node, string path) => path.Split('.').Aggregate<string, JsonNode?>(node, (inner, part) => (inner as JsonObject)?[part]);

    private static bool IsAppSettings(JsonObject resource) => Text(resource, "name").EndsWith("/appsettings", StringComparison.Ordinal);
}
