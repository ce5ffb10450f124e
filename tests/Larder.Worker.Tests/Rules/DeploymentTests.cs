using System.Reflection;
using System.Text.Json;
using Larder.Functions.Hosting;
using Larder.Orchestrations.Training;
using Larder.Testing;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Worker.Tests.Rules;

/// <summary>What is in the folder that is deployed, and that the Functions host reads before it starts the worker.</summary>
public sealed class DeploymentTests
{
    // Which extension of the host a binding needs. HTTP and timers are the host's own.
    private static readonly Dictionary<string, string?> Extensions = new()
    {
        ["httpTrigger"] = null,
        ["http"] = null,
        ["timerTrigger"] = null,
        ["blobTrigger"] = "AzureStorageBlobs",
        ["orchestrationTrigger"] = "DurableTask",
        ["activityTrigger"] = "DurableTask",
        ["durableClient"] = "DurableTask",
    };

    /// <summary>Names of all functions that the app's assemblies declare.</summary>
    internal static IEnumerable<string> Declared() =>
        from assembly in new[] { typeof(LarderServices).Assembly, typeof(TrainModel).Assembly }
        from type in assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where !type.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute))
        let function = method.GetCustomAttribute<FunctionAttribute>()
        where function is not null
        select function.Name;

    [Fact]
    public async Task The_list_of_functions_has_every_declared_one_once()
    {
        var published = await PublishedFunction.ReadAsync(await PublishedApp.FolderAsync());

        Assert.Equal(Declared().Order(StringComparer.Ordinal), published.Select(function => function.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_host_is_told_of_every_extension_that_a_binding_needs_and_finds_its_library()
    {
        var app = await PublishedApp.FolderAsync();
        var needed = (await PublishedFunction.ReadAsync(app)).SelectMany(function => function.Bindings).Select(binding => Extensions[binding.Type]).OfType<string>().Distinct();
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(app, "extensions.json")));
        var told = json.RootElement.GetProperty("extensions").EnumerateArray().ToDictionary(
            extension => extension.GetProperty("name").GetString()!, extension => extension.GetProperty("hintPath").GetString()!);

        Assert.Subset(told.Keys.ToHashSet(), needed.ToHashSet());
        Assert.All(told.Values, library => Assert.True(File.Exists(Path.Combine(app, library)), library));
    }

    [Fact]
    public async Task The_host_is_told_how_to_start_the_worker()
    {
        var app = await PublishedApp.FolderAsync();
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(app, "worker.config.json")));
        var worker = json.RootElement.GetProperty("description");

        Assert.Equal(("dotnet-isolated", "dotnet"), (worker.GetProperty("language").GetString(), worker.GetProperty("defaultExecutablePath").GetString()));
        Assert.True(File.Exists(Path.Combine(app, worker.GetProperty("defaultWorkerPath").GetString()!)));
    }

    [Fact]
    public async Task Settings_of_a_developer_s_machine_are_not_deployed()
    {
        var app = await PublishedApp.FolderAsync();

        Assert.True(File.Exists(Path.Combine(app, "host.json")));
        Assert.False(File.Exists(Path.Combine(app, "local.settings.json")));
    }

    [Fact]
    public async Task The_deployment_is_for_NET_10_on_Linux_and_compiled_ahead()
    {
        var output = await MSBuild.RunAsync(
            Repository.Path("functions/Larder.Functions.csproj"),
            "-getProperty:TargetFramework,AzureFunctionsVersion,RuntimeIdentifier,SelfContained,PublishReadyToRun",
            "-p:Configuration=Release",
            "-p:_IsPublishing=true");
        using var json = JsonDocument.Parse(output);
        var properties = json.RootElement.GetProperty("Properties").Deserialize<Dictionary<string, string>>()!;

        Assert.Equal(("net10.0", "v4"), (properties["TargetFramework"], properties["AzureFunctionsVersion"]));
        Assert.Equal(("linux-x64", "false", "true"), (properties["RuntimeIdentifier"], properties["SelfContained"], properties["PublishReadyToRun"]));
    }
}
