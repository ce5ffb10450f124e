using System.Text.Json.Nodes;

namespace Larder.Infrastructure.Tests.Compiling;

/// <summary>infra-bicep, compiled once for all tests.</summary>
public sealed class CompiledInfrastructure : IAsyncLifetime
{
    /// <summary>Every option on, and the jobs in a resource group of their own.</summary>
    private const string EverythingParameters = """
        using './main.bicep'
        param store = 'cosmos'
        param containerRegistrySku = 'Premium'
        param privateNetwork = true
        param jobsResourceGroup = 'jobs-rg'
        param alwaysReadyHttp = 1
        param authClientId = '22222222-2222-2222-2222-222222222222'
        """;

    // The same as a container, as far as it applies.
    private static readonly string ContainerParameters =
        string.Join('\n', EverythingParameters.Split('\n').Where(line => !line.Contains("alwaysReadyHttp", StringComparison.Ordinal) && !line.Contains("authClientId", StringComparison.Ordinal)))
        + "\nparam hosting = 'containerApp'\nparam containerImage = 'registry.example/larder:1'\n";

    // One violation each of what infra-bicep's linter must refuse.
    private const string WrongTemplate = """
        param adminPassword string
        @secure()
        param token string = 'hunter2'
        resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
          name: 'account'
        }
        resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
          name: 'topic'
          location: 'westeurope'
          properties: {
            source: storage.id
            topicType: 'Microsoft.Storage.StorageAccounts'
          }
        }
        var unused = 'x'
        output key string = storage.listKeys().keys[0].value
        output secret string = '${token}${adminPassword}'
        output host string = 'https://${topic.name}.blob.core.windows.net'
        """;

    // snapshot writes beside its parameters file, so it works on a copy.
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-bicep-");

    /// <summary>The template, as JSON on standard output.</summary>
    internal BicepRun Build { get; private set; } = null!;

    /// <summary>The parameters file.</summary>
    internal BicepRun BuildParameters { get; private set; } = null!;

    /// <summary>The linter on the template.</summary>
    internal BicepRun Lint { get; private set; } = null!;

    /// <summary>The linter on a template with violations.</summary>
    internal BicepRun WrongLint { get; private set; } = null!;

    /// <summary>The compiled template.</summary>
    internal JsonNode Template { get; private set; } = null!;

    /// <summary>What main.bicepparam makes.</summary>
    internal Deployment Plain { get; private set; } = null!;

    /// <summary>What is made with every option.</summary>
    internal Deployment Everything { get; private set; } = null!;

    /// <summary>What is made with every option that a container has.</summary>
    internal Deployment Container { get; private set; } = null!;

    /// <summary>What main.bicepparam makes with a container.</summary>
    internal Deployment PlainContainer { get; private set; } = null!;

    /// <summary>What is made for a container before there is an image.</summary>
    internal Deployment NoImage { get; private set; } = null!;

    /// <summary>A container with sign-in by Entra ID, which it does not have.</summary>
    internal BicepRun SignInToContainer { get; private set; } = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (BicepCompiler.Missing is not null)
            return;
        var infra = CopySources();
        await File.WriteAllTextAsync(Path.Combine(infra, "everything.bicepparam"), EverythingParameters);
        await File.WriteAllTextAsync(Path.Combine(infra, "container.bicepparam"), ContainerParameters);
        await File.WriteAllTextAsync(Path.Combine(infra, "plain-container.bicepparam"), "using './main.bicep'\nparam hosting = 'containerApp'\nparam containerImage = 'registry.example/larder:1'\n");
        await File.WriteAllTextAsync(Path.Combine(infra, "no-image.bicepparam"), "using './main.bicep'\nparam hosting = 'containerApp'\nparam containerRegistrySku = 'Basic'\n");
        await File.WriteAllTextAsync(Path.Combine(infra, "sign-in.bicepparam"), $"{ContainerParameters}param authClientId = '22222222-2222-2222-2222-222222222222'\n");
        await File.WriteAllTextAsync(Path.Combine(infra, "wrong.bicep"), WrongTemplate);

        // --no-restore: a module from a registry is an error then, not a download.
        var runs = await Task.WhenAll(
            BicepCompiler.RunAsync(infra, "build", "main.bicep", "--no-restore", "--stdout"),
            BicepCompiler.RunAsync(infra, "build-params", "main.bicepparam", "--no-restore", "--stdout"),
            BicepCompiler.RunAsync(infra, "lint", "main.bicep", "--no-restore"),
            BicepCompiler.RunAsync(infra, "lint", "wrong.bicep", "--no-restore"),
            RunSnapshotAsync(infra, "sign-in.bicepparam"),
            SnapshotAsync(infra, "main.bicepparam"),
            SnapshotAsync(infra, "everything.bicepparam"),
            SnapshotAsync(infra, "container.bicepparam"),
            SnapshotAsync(infra, "plain-container.bicepparam"),
            SnapshotAsync(infra, "no-image.bicepparam"));
        (Build, BuildParameters, Lint, WrongLint, SignInToContainer) = (runs[0], runs[1], runs[2], runs[3], runs[4]);
        Template = JsonNode.Parse(Build.Output)!;
        Plain = await ReadAsync(infra, "main");
        Everything = await ReadAsync(infra, "everything");
        Container = await ReadAsync(infra, "container");
        PlainContainer = await ReadAsync(infra, "plain-container");
        NoImage = await ReadAsync(infra, "no-image");
    }

    /// <inheritdoc/>
    public Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    private static async Task<BicepRun> SnapshotAsync(string infra, string parameters)
    {
        var run = await RunSnapshotAsync(infra, parameters);
        Assert.True(run.ExitCode == 0, $"No snapshot of {parameters}: {run.Output}{run.Errors}");
        return run;
    }

    private static Task<BicepRun> RunSnapshotAsync(string infra, string parameters) => BicepCompiler.RunAsync(
        infra, "snapshot", parameters, "--mode", "overwrite",
        "--subscription-id", "11111111-1111-1111-1111-111111111111", "--resource-group", "larder-rg", "--location", "westeurope");

    private static async Task<Deployment> ReadAsync(string infra, string name) => Deployment.Parse(await File.ReadAllTextAsync(Path.Combine(infra, $"{name}.snapshot.json")));

    private string CopySources()
    {
        var infra = Path.Combine(_folder.FullName, "infra-bicep");
        foreach (var file in Directory.EnumerateFiles(Repository.Path("infra-bicep"), "*", SearchOption.AllDirectories))
            Copy(file, Path.Combine(infra, Path.GetRelativePath(Repository.Path("infra-bicep"), file)));
        Copy(Repository.Path("functions/host.json"), Path.Combine(_folder.FullName, "functions", "host.json"));
        return infra;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to);
    }
}

/// <summary>The tests that share <see cref="CompiledInfrastructure"/>.</summary>
[CollectionDefinition(nameof(CompiledInfrastructure))]
public sealed class SharedInfrastructure : ICollectionFixture<CompiledInfrastructure>;
