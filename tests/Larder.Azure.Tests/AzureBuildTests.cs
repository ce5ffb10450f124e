namespace Larder.Azure.Tests;

/// <summary>
/// The build for Azure cannot be restored where this project is built. What can be checked without its packages is checked here: which packages, in which
/// versions, from which projects, with which properties.
/// </summary>
public sealed class AzureBuildTests(AzureEvaluation azure) : IClassFixture<AzureEvaluation>
{
    // What the build for Azure must have, and in which version. The newest that the listings of the API tests were printed from.
    private static readonly Dictionary<string, string> Official = new()
    {
        ["Microsoft.Azure.Functions.Worker"] = "2.52.0",
        ["Microsoft.Azure.Functions.Worker.Sdk"] = "2.0.7",
        ["Microsoft.Azure.Functions.Worker.Extensions.Http"] = "3.3.0",
        ["Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore"] = "2.1.0",
        ["Microsoft.Azure.Functions.Worker.Extensions.Timer"] = "4.3.1",
        ["Microsoft.Azure.Functions.Worker.Extensions.DurableTask"] = "1.16.5",
        ["Microsoft.Azure.Functions.Worker.ApplicationInsights"] = "2.50.0",
        ["Microsoft.ApplicationInsights.WorkerService"] = "2.23.0",
        ["Microsoft.Azure.Cosmos"] = "3.64.0",
        ["Microsoft.ML.OnnxRuntime"] = "1.29.0",
        ["NetVips"] = "3.2.0",
        ["NetVips.Native"] = "8.18.5",
    };

    [Fact]
    public void The_graph_has_the_official_packages_in_their_pinned_versions()
    {
        var versions = new Dictionary<string, string>();
        foreach (var project in azure.Projects)
        {
            var pinned = project.Items["PackageVersion"].ToDictionary(item => item["Identity"], item => item["Version"], StringComparer.OrdinalIgnoreCase);
            foreach (var package in project.Items["PackageReference"].Select(item => item["Identity"]))
            {
                Assert.True(pinned.TryGetValue(package, out var version), $"{project}: {package} has no version in Directory.Packages.props.");
                Assert.Matches(@"^\d+\.\d+\.\d+$", version);
                versions[package] = version!;
            }
        }

        foreach (var (package, version) in Official)
            Assert.Equal((package, version), (package, versions.GetValueOrDefault(package)));
    }

    [Fact]
    public void The_storage_client_is_as_new_as_the_trigger_wants_it()
    {
        // What the trigger's own project file asks for. A direct reference to an older one is an error of the restore (NU1605).
        var wanted = new Version(12, 23, 0);
        var version = Version.Parse(azure.App.Items["PackageVersion"].Single(item => item["Identity"] == "Azure.Storage.Blobs")["Version"]);

        Assert.True(version >= wanted, $"Azure.Storage.Blobs {version}");
    }

    [Fact]
    public async Task Telemetry_is_wired_in_this_build_only()
    {
        const string Wiring = "functions/Hosting/Azure/LarderServices.Telemetry.cs";
        var embedded = await ProjectEvaluation.EvaluateAsync("functions/Larder.Functions.csproj");

        Assert.Contains(Wiring, Files(azure.App));
        Assert.DoesNotContain(Wiring, Files(embedded));
        Assert.DoesNotContain(embedded.Items["PackageReference"], item => item["Identity"].Contains("ApplicationInsights"));

        static IEnumerable<string> Files(ProjectEvaluation project) => project.Items["Compile"].Select(item => Repository.Relative(item["FullPath"]));
    }

    [Fact]
    public void Nothing_in_the_graph_is_a_stand_in()
    {
        foreach (var project in azure.Projects)
        {
            Assert.Equal("azure", project.Properties["FunctionsHost"]);
            Assert.DoesNotContain("stand-ins/", project.Path);
            Assert.DoesNotContain(project.Items["Compile"], item => Repository.Relative(item["FullPath"]).Contains("stand-ins/"));
            Assert.DoesNotContain(project.Items["Compile"], item => Repository.Relative(item["FullPath"]).Contains("node_modules/"));
        }
    }

    [Fact]
    public void Nothing_is_pruned_or_taken_from_the_SDK()
    {
        foreach (var project in azure.Projects)
        {
            Assert.DoesNotContain(project.Items["Reference"], item => item.GetValueOrDefault("HintPath", "").Length > 0);
            // The SDK prunes what the framework has; nobody else prunes anything.
            Assert.DoesNotContain(project.Items["PrunePackageReference"], item => item["Identity"] == "System.IO.Hashing");
        }
    }

    [Fact]
    public void Every_file_that_is_compiled_is_in_the_repository_and_belongs_to_its_project()
    {
        foreach (var project in azure.Projects)
        {
            var folder = project.Path[..(project.Path.LastIndexOf('/') + 1)];
            Assert.All(project.Items["Compile"], item => Assert.StartsWith(folder, Repository.Relative(item["FullPath"])));
            Assert.DoesNotContain(project.Items["Compile"], item => Repository.Relative(item["FullPath"]).Split('/') is var parts && (parts.Contains("obj") || parts.Contains("bin")));
        }
    }

    [Fact]
    public void The_app_is_a_worker_of_version_4_on_NET_10_compiled_ahead_for_Linux()
    {
        Assert.All(azure.Projects, project => Assert.Equal("net10.0", project.Properties["TargetFramework"]));
        var app = azure.App.Properties;
        Assert.Equal(("v4", "Exe"), (app["AzureFunctionsVersion"], app["OutputType"]));
        Assert.Equal(("linux-x64", "true", "false"), (app["RuntimeIdentifier"], app["PublishReadyToRun"], app["SelfContained"]));
    }

    [Fact]
    public void The_Sdk_is_for_the_build_only_and_in_the_app_only()
    {
        const string Sdk = "Microsoft.Azure.Functions.Worker.Sdk";
        Assert.Equal("Analyzer", Assert.Single(azure.App.Items["PackageReference"], item => item["Identity"] == Sdk)["OutputItemType"]);
        Assert.All(azure.Projects.Skip(1), project => Assert.DoesNotContain(project.Items["PackageReference"], item => item["Identity"] == Sdk));
    }

    [Fact]
    public void Functions_of_other_projects_are_referenced_by_the_app_itself()
    {
        // The Sdk indexes the app and what it refers to.
        var referenced = azure.App.Items["ProjectReference"].Select(item => Repository.Relative(item["FullPath"]));
        Assert.Contains("orchestrations/Larder.Orchestrations.csproj", referenced);
    }

    [Fact]
    public void The_two_builds_share_no_folder()
    {
        Assert.All(azure.Projects, project => Assert.Equal(("bin/azure/", "obj/azure/"), (project.Properties["BaseOutputPath"], project.Properties["BaseIntermediateOutputPath"])));
    }

    [Fact]
    public async Task Without_the_switch_the_host_is_embedded_and_all_stand_ins_are_in()
    {
        var app = await ProjectEvaluation.EvaluateAsync("functions/Larder.Functions.csproj");

        Assert.Equal("embedded", app.Properties["FunctionsHost"]);
        Assert.Contains(app.Items["ProjectReference"], item => Repository.Relative(item["FullPath"]).StartsWith("stand-ins/Microsoft.Azure.Functions.Worker/", StringComparison.Ordinal));
        Assert.DoesNotContain(app.Items["PackageReference"], item => Directory.Exists(Repository.Path($"stand-ins/{item["Identity"]}")));
    }

    [Fact]
    public async Task Core_Tools_choose_Azure_by_their_output_folder()
    {
        var app = await ProjectEvaluation.EvaluateAsync("functions/Larder.Functions.csproj", "_CommandLineDefinedOutputPath=true", "OutputPath=bin/output");

        Assert.Equal("azure", app.Properties["FunctionsHost"]);
    }
}
