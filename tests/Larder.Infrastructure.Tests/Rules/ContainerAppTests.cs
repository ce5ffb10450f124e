using System.Text.Json.Nodes;
using Larder.Infrastructure.Tests.Compiling;

namespace Larder.Infrastructure.Tests.Rules;

/// <summary>hosting=containerApp keeps to the rules of the function app, and to its own; each rule finds the template that does not.</summary>
[Collection(nameof(CompiledInfrastructure))]
public sealed class ContainerAppTests(CompiledInfrastructure infrastructure)
{
    private const string App = Deployment.ContainerApp;

    private static readonly string Hub = JsonNode.Parse(Repository.Read("functions/host.json"))!["extensions"]!["durableTask"]!["hubName"]!.ToString().ToLowerInvariant();

    private Deployment Container => infrastructure.Container;

    [BicepFact]
    public void The_app_keeps_to_its_rules()
    {
        Assert.Empty(ContainerAppRule.Findings(Container, WithoutSignIn(), Hub));
        Assert.Empty(ContainerAppRule.Findings(infrastructure.PlainContainer, infrastructure.Plain, Hub));
    }

    [BicepFact]
    public void What_holds_for_the_function_app_holds_for_the_container()
    {
        foreach (var deployment in new[] { Container, infrastructure.PlainContainer, infrastructure.NoImage })
        {
            Assert.Empty(SecurityRule.Findings(deployment));
            Assert.Empty(DiagnosticsRule.Findings(deployment));
        }

        Assert.Empty(RolesRule.Findings(Container));
        Assert.Empty(PrivateAccessRule.Findings(Container));
        Assert.Equal([.. RolesRule.Needed, RolesRule.PullsImage], RolesRule.Grants(Container).ToHashSet());
    }

    [BicepFact]
    public void One_hosting_is_deployed()
    {
        Assert.DoesNotContain(Container.Resources, resource => Deployment.Text(resource, "type") is "Microsoft.Web/sites" or "Microsoft.Web/serverfarms" or "Microsoft.EventGrid/systemTopics");
        Assert.DoesNotContain(infrastructure.Everything.Resources, resource => Deployment.Text(resource, "type").StartsWith("Microsoft.App/", StringComparison.Ordinal));
    }

    [BicepFact]
    public void Without_an_image_all_is_there_but_the_app()
    {
        Assert.Empty(infrastructure.NoImage.Of(App));
        Assert.Single(infrastructure.NoImage.Of("Microsoft.App/managedEnvironments"));
        Assert.Single(infrastructure.NoImage.Of("Microsoft.ContainerRegistry/registries"));
    }

    [BicepFact]
    public void Sign_in_by_Entra_ID_is_refused()
    {
        Assert.NotEqual(0, infrastructure.SignInToContainer.ExitCode);
        Assert.Contains("authClientId needs hosting functions", infrastructure.SignInToContainer.Output + infrastructure.SignInToContainer.Errors, StringComparison.Ordinal);
    }

    [BicepTheory]
    [InlineData("identity.type", "\"None\"", "identity.type is 'None', not UserAssigned")]
    [InlineData("properties.template.scale.minReplicas", "1", "properties.template.scale.minReplicas is '1', not 0")]
    [InlineData("properties.configuration.ingress.targetPort", "80", "properties.configuration.ingress.targetPort is '80', not 8080")]
    [InlineData("properties.configuration.ingress.additionalPortMappings", """[{ "external": true, "targetPort": 8081 }]""", "the port 8081 is reached from outside without TLS")]
    [InlineData("properties.configuration.ingress.additionalPortMappings", "[]", "gRPC has no port")]
    [InlineData("properties.configuration.registries", """[{ "server": "x", "username": "y", "passwordSecretRef": "z" }]""", "the image is pulled with a password")]
    public void Another_app_is_found(string property, string value, string finding) => Assert.Equal([finding], Findings(Container.With(App, property, value)));

    [BicepTheory]
    [InlineData("probes", "[]", "there is no probe Startup of /healthz", "there is no probe Liveness of /healthz", "there is no probe Readiness of /readyz")]
    [InlineData("args", "[]", "the app does not listen on the port of gRPC")]
    public void Another_container_is_found(string property, string value, params string[] findings) =>
        Assert.Equal(findings, Findings(Container.With(App, app => app["properties"]!["template"]!["containers"]![0]![property] = JsonNode.Parse(value))));

    [BicepFact]
    public void A_queue_that_starts_no_replica_and_one_that_does_not_exist_are_found() => Assert.Equal(
        ["messages in larder-control-01 start no replica", "the task hub has no queue other", "other is not read by the identity"],
        Findings(Container.With(App, app =>
        {
            var rule = app["properties"]!["template"]!["scale"]!["rules"]!.AsArray().Single(rule => Deployment.Text(rule!, "name") == "larder-control-01")!;
            rule["azureQueue"] = new JsonObject { ["queueName"] = "other" };
        })));

    [BicepFact]
    public void A_setting_of_one_hosting_and_one_with_two_values_are_found() => Assert.Equal(
        ["only one hosting has the setting Limits__New", "the hostings have different values of Store__Kind"],
        Findings(Container.With(App, app =>
        {
            var settings = app["properties"]!["template"]!["containers"]![0]!["env"]!.AsArray();
            settings.Single(setting => Deployment.Text(setting!, "name") == "Store__Kind")!["value"] = "blobs";
            settings.Add(new JsonObject { ["name"] = "Limits__New", ["value"] = "1" });
        })));

    [BicepTheory]
    [InlineData(App, "properties.configuration.ingress.allowInsecure", "true")]
    [InlineData(App, "properties.configuration.secrets", """[{ "name": "key", "value": "x" }]""")]
    [InlineData("Microsoft.App/managedEnvironments", "properties.appLogsConfiguration.destination", "\"log-analytics\"")]
    public void A_way_without_TLS_or_with_a_key_is_found(string type, string property, string value) =>
        Assert.StartsWith($"{property} of {type} is ", Assert.Single(SecurityRule.Findings(Container.With(type, property, value))), StringComparison.Ordinal);

    [BicepFact]
    public void An_environment_outside_the_network_is_found() => Assert.Equal(
        ["the app is not in its subnet"], PrivateAccessRule.Findings(Container.With("Microsoft.App/managedEnvironments", "properties.vnetConfiguration", "null")));

    [BicepFact]
    public void An_environment_without_diagnostic_settings_is_found() => Assert.Equal(
        ["Microsoft.App/managedEnvironments sends no logs to the workspace"],
        DiagnosticsRule.Findings(Container.Without(resource =>
            Deployment.Text(resource, "type") == "Microsoft.Insights/diagnosticSettings" && Deployment.Text(resource, "id").Contains("Microsoft.App/managedEnvironments", StringComparison.Ordinal))));

    [BicepFact]
    public void Every_setting_of_the_container_is_one_that_exists()
    {
        var sample = JsonNode.Parse(Repository.Read("local.settings.sample.json"))!["Values"]!.AsObject().Select(value => value.Key).ToHashSet();
        var own = Container.Settings.Keys.Except(infrastructure.Everything.Settings.Keys).Except(["ASPNETCORE_URLS"]).Select(name => name.Replace("__", ":", StringComparison.Ordinal));

        Assert.Equal([], own.Where(name => !sample.Contains(name)));
    }

    private IEnumerable<string> Findings(Deployment deployment) => ContainerAppRule.Findings(deployment, WithoutSignIn(), Hub);

    // The one option that a container does not have.
    private Deployment WithoutSignIn() => infrastructure.Everything.With(Deployment.AppSettings, "properties.Access__ClientPrincipal", "\"false\"");
}
