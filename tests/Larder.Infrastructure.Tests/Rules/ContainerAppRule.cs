using System.Text.Json.Nodes;
using Larder.Infrastructure.Tests.Compiling;

namespace Larder.Infrastructure.Tests.Rules;

/// <summary>
/// What the app in Container Apps must say of itself: an identity and no other credential, probes on the routes of the app, a scale that begins at zero and knows the
/// task hub's queues, and the settings of the function app.
/// </summary>
internal static class ContainerAppRule
{
    private const string HttpPort = "8080";
    private const string GrpcPort = "8081";

    /// <summary>Settings that only one hosting has, each with the reason.</summary>
    private static readonly Dictionary<string, string> OfOneHosting = new()
    {
        ["AzureWebJobsDisableHomepage"] = "the Functions host's page",
        ["AzureWebJobs.IngestUploadByPolling.Disabled"] = "the self-host polls",
        ["AzureWebJobs.ScoreDroppedFileByPolling.Disabled"] = "the self-host polls",
        ["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] = "the app sets the limit where it has the web server itself",
        ["ASPNETCORE_URLS"] = "the Functions host chooses addresses",
        ["LocalFolder"] = "the container's own file system is not for data",
        ["SelfHost__DrainDelay"] = "the self-host's",
        ["SelfHost__Durable__PartitionCount"] = "the self-host's; host.json has the Functions host's",
        ["SelfHost__ForwardLimit"] = "the self-host's",
        ["SelfHost__KnownProxies"] = "the self-host's",
        ["SelfHost__LogFormat"] = "the self-host's",
    };

    private static readonly (string Property, string[] Allowed)[] Required =
    [
        ("identity.type", ["UserAssigned"]),
        ("properties.configuration.activeRevisionsMode", ["Single"]),
        ("properties.configuration.ingress.external", ["true"]),
        ("properties.configuration.ingress.transport", ["http"]),
        ("properties.configuration.ingress.targetPort", [HttpPort]),
        ("properties.template.scale.minReplicas", ["0"]),
    ];

    private static readonly (string Type, string Path)[] Probes = [("Startup", "/healthz"), ("Liveness", "/healthz"), ("Readiness", "/readyz")];

    /// <param name="deployment">With the app in Container Apps.</param>
    /// <param name="functions">The same with the function app.</param>
    /// <param name="hub">The name of the task hub.</param>
    public static IEnumerable<string> Findings(Deployment deployment, Deployment functions, string hub)
    {
        var app = deployment.Of(Deployment.ContainerApp).Single();
        return Properties(app).Concat(Ports(app)).Concat(Registries(app)).Concat(ProbesOf(app)).Concat(Scale(app, hub)).Concat(Settings(deployment, functions)).ToList();
    }

    private static IEnumerable<string> Properties(JsonObject app) =>
        from required in Required
        let value = Deployment.Text(app, required.Property)
        where !required.Allowed.Contains(value, StringComparer.Ordinal)
        select $"{required.Property} is '{value}', not {string.Join(" or ", required.Allowed)}";

    // Another port than the first is plain TCP.
    private static IEnumerable<string> Ports(JsonObject app)
    {
        var others = Deployment.Find(app, "properties.configuration.ingress.additionalPortMappings")!.AsArray().Select(mapping => mapping!).ToList();
        foreach (var port in others.Where(mapping => Deployment.Text(mapping, "external") != "false").Select(mapping => Deployment.Text(mapping, "targetPort")))
            yield return $"the port {port} is reached from outside without TLS";
        if (!others.Exists(mapping => Deployment.Text(mapping, "targetPort") == GrpcPort))
            yield return "gRPC has no port";
        if (!Container(app)["args"]!.AsArray().Select(argument => $"{argument}").SequenceEqual(["--grpc-port", GrpcPort]))
            yield return "the app does not listen on the port of gRPC";
    }

    private static IEnumerable<string> Registries(JsonObject app)
    {
        var text = $"{Deployment.Find(app, "properties.configuration.registries")?.ToJsonString()}";
        if (text.Contains("username", StringComparison.OrdinalIgnoreCase) || text.Contains("passwordSecretRef", StringComparison.OrdinalIgnoreCase))
            yield return "the image is pulled with a password";
    }

    private static IEnumerable<string> ProbesOf(JsonObject app)
    {
        var probes = Container(app)["probes"]?.AsArray().Select(probe => probe!).ToList() ?? [];
        foreach (var (type, path) in Probes)
        {
            if (!probes.Exists(probe => Deployment.Text(probe, "type") == type && Deployment.Text(probe, "httpGet.path") == path && Deployment.Text(probe, "httpGet.port") == HttpPort))
                yield return $"there is no probe {type} of {path}";
        }
    }

    private static IEnumerable<string> Scale(JsonObject app, string hub)
    {
        var rules = Deployment.Find(app, "properties.template.scale.rules")!.AsArray().Select(rule => rule!).ToList();
        if (!rules.Exists(rule => Deployment.Find(rule, "http") is not null))
            yield return "requests start no replica";
        var partitions = int.Parse(SettingOf(app, "SelfHost__Durable__PartitionCount"), System.Globalization.CultureInfo.InvariantCulture);
        var queues = Enumerable.Range(0, partitions).Select(partition => $"{hub}-control-{partition:00}").Prepend($"{hub}-workitems").ToList();
        var watched = rules.Where(rule => Deployment.Find(rule, "azureQueue") is not null).ToDictionary(rule => Deployment.Text(rule, "azureQueue.queueName"));
        foreach (var queue in queues.Except(watched.Keys))
            yield return $"messages in {queue} start no replica";
        foreach (var queue in watched.Keys.Except(queues))
            yield return $"the task hub has no queue {queue}";
        foreach (var (queue, rule) in watched.Where(rule => Deployment.Text(rule.Value, "azureQueue.identity").Length == 0 || Deployment.Find(rule.Value, "azureQueue.auth") is not null))
            yield return $"{queue} is not read by the identity";
    }

    // Limits follow from the size of an instance; what else is in both has one value.
    private static IEnumerable<string> Settings(Deployment deployment, Deployment functions)
    {
        var (contained, deployed) = (deployment.Settings, functions.Settings);
        foreach (var name in contained.Keys.Except(deployed.Keys).Concat(deployed.Keys.Except(contained.Keys)).Where(name => !OfOneHosting.ContainsKey(name)))
            yield return $"only one hosting has the setting {name}";
        foreach (var name in contained.Keys.Intersect(deployed.Keys).Where(name => !name.StartsWith("Limits__", StringComparison.Ordinal) && Comparable(contained[name]) != Comparable(deployed[name])))
            yield return $"the hostings have different values of {name}";
    }

    // Expressions name the module that they are in.
    private static string Comparable(string value) => value.Replace("container-{0}", "app-{0}", StringComparison.Ordinal).Replace("uniqueString('container'", "uniqueString('app'", StringComparison.Ordinal);

    private static string SettingOf(JsonObject app, string name) =>
        Deployment.Text(Container(app)["env"]!.AsArray().Single(setting => Deployment.Text(setting!, "name") == name)!, "value");

    private static JsonNode Container(JsonObject app) => app["properties"]!["template"]!["containers"]!.AsArray().Single()!;
}
