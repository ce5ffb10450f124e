using System.Reflection;

namespace StandIns.Api.Tests;

/// <summary>A folder of stand-ins/: the package that it stands in for.</summary>
/// <param name="PackageId">The folder's name and the package's.</param>
public sealed record StandInFolder(string PackageId)
{
    // Those without a listing, with the reason.
    private static readonly Dictionary<string, string> Exempt = new()
    {
        ["Microsoft.ML.OnnxRuntime"] = "It is not our code: ONNX Runtime's own C# sources, as an npm package carries them.",
    };

    // Packages that are more than the assembly of their own name.
    private static readonly Dictionary<string, string[]> MoreListings = new()
    {
        ["Microsoft.Azure.Functions.Worker"] =
            ["Microsoft.Azure.Functions.Worker.Core", "Microsoft.Azure.Functions.Worker.Extensions.Abstractions"],
        ["Microsoft.Azure.Functions.Worker.Extensions.DurableTask"] =
        [
            "Microsoft.DurableTask.Abstractions", "Microsoft.DurableTask.Client", "Microsoft.DurableTask.Client.Grpc",
            "Microsoft.DurableTask.Worker", "Microsoft.DurableTask.Worker.Grpc",
        ],
    };

    // Listings that were written from a repository.
    private static readonly string[] Partial = ["Azure.ResourceManager.ContainerInstance", "NetVips"];

    /// <summary>All that there are, in the repository.</summary>
    public static IEnumerable<StandInFolder> All { get; } =
    [
        .. Directory.EnumerateDirectories(Path.Combine(RepositoryRoot(), "stand-ins"))
            .Where(folder => Directory.EnumerateFiles(folder, "*.csproj").Any())
            .Select(folder => new StandInFolder(Path.GetFileName(folder)))
            .OrderBy(folder => folder.PackageId, StringComparer.Ordinal),
    ];

    /// <summary>Why it has no listing; null when it must have one.</summary>
    public string? ExemptBecause => Exempt.GetValueOrDefault(PackageId);

    /// <summary>The listings in api/ that together are the package's API.</summary>
    public IEnumerable<string> Listings => [PackageId, .. MoreListings.GetValueOrDefault(PackageId, [])];

    /// <summary>Whether its listing is partial.</summary>
    public bool IsPartial => Partial.Contains(PackageId);

    /// <summary>Its assembly, from the output folder: every stand-in is referenced.</summary>
    public Assembly LoadAssembly() => Assembly.Load($"StandIn.{PackageId}");

    /// <inheritdoc/>
    public override string ToString() => PackageId;

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !Directory.Exists(Path.Combine(folder.FullName, "stand-ins")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("No folder above the tests holds stand-ins.");
    }
}
