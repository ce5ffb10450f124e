using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Larder.Testing.Arm;

/// <summary>What the service refuses of a new container group: names, and properties that it does not know.</summary>
internal static partial class ArmContainerGroupCheck
{
    /// <returns>What is wrong; null when nothing is.</returns>
    public static string? Find(string name, JsonObject body)
    {
        if (!DnsLabel().IsMatch(name))
            return $"The container group name '{name}' is invalid.";
        if (Unknown(body, "location", "tags", "identity", "zones", "properties") is { } unknown)
            return unknown;
        if (string.IsNullOrEmpty((string?)body["location"]))
            return "The location property is required.";
        if (body["properties"] is not JsonObject properties)
            return "The properties are required.";
        if (Unknown(
            properties, "containers", "initContainers", "osType", "restartPolicy", "imageRegistryCredentials", "volumes", "diagnostics", "subnetIds", "dnsConfig",
            "ipAddress", "priority", "sku") is { } unknownProperty)
            return unknownProperty;
        if ((string?)properties["osType"] is not ("Linux" or "Windows"))
            return "The osType must be Linux or Windows.";
        if ((string?)properties["restartPolicy"] is not (null or "Never" or "OnFailure" or "Always"))
            return "The restartPolicy is invalid.";
        return properties["containers"] is JsonArray { Count: > 0 } containers
            ? containers.Select(container => FindIn(container!.AsObject())).FirstOrDefault(problem => problem is not null)
            : "The container group needs a container.";
    }

    private static string? FindIn(JsonObject container)
    {
        if (!DnsLabel().IsMatch((string?)container["name"] ?? ""))
            return $"The container name '{container["name"]}' is invalid.";
        if (container["properties"] is not JsonObject properties || string.IsNullOrEmpty((string?)properties["image"]))
            return "The container needs an image.";
        if (Unknown(
            properties, "image", "command", "environmentVariables", "resources", "volumeMounts", "ports", "livenessProbe", "readinessProbe", "securityContext") is { } unknown)
            return unknown;
        var requests = properties["resources"]?["requests"];
        if (requests?["cpu"] is null || requests["memoryInGB"] is null)
            return "The container needs requests of cpu and memoryInGB.";
        if (requests["gpu"] is not null)
            return "GPU resources are not supported.";
        var bad = properties["environmentVariables"]?.AsArray().Select(variable => (string?)variable!["name"] ?? "").FirstOrDefault(name => !VariableName().IsMatch(name));
        return bad is null ? null : $"The environment variable name '{bad}' is invalid.";
    }

    private static string? Unknown(JsonObject json, params string[] known) =>
        json.Select(member => member.Key).FirstOrDefault(key => !known.Contains(key)) is { } unknown ? $"Could not find member '{unknown}'." : null;

    [GeneratedRegex("^(?=.{1,63}$)[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex DnsLabel();

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex VariableName();
}
