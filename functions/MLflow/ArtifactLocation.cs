using Larder.Registry.Errors;
using Larder.Registry.Text;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.MLflow;

/// <summary>A path of the artifact proxy: the run whose <c>artifact_uri</c> it begins with, and the path in that run.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Path">The path in it.</param>
internal sealed record ArtifactLocation(string RunId, ArtifactPath Path)
{
    private const string Scheme = "mlflow-artifacts:";
    private const string Folder = "artifacts";
    private const int RunIdLength = 32;

    /// <summary>Finds the run of a path.</summary>
    /// <exception cref="InvalidRequestException">The path breaks a rule.</exception>
    /// <exception cref="NotFoundException">No run has its artifacts there.</exception>
    public static async Task<ArtifactLocation> FindAsync(RunStore runs, string path, CancellationToken cancellationToken)
    {
        var names = ArtifactPath.Parse(path).Names;
        for (var i = 0; i + 1 < names.Count; i++)
        {
            if (names[i + 1] != Folder || names[i].Length != RunIdLength || !names[i].All(char.IsAsciiHexDigitLower))
                continue;
            var run = await runs.GetAsync(names[i], cancellationToken);
            if (PathOf(run.ArtifactUri) == string.Join('/', names.Take(i + 2)))
                return new ArtifactLocation(run.Id, names.Skip(i + 2).Aggregate(ArtifactPath.Root, (folder, name) => folder[name]));
        }
        throw new NotFoundException($"No run has artifacts at {Quoted.Text(path)}: a path begins with that of a run's artifact_uri, as 0/{{run_id}}/artifacts.");
    }

    /// <summary>What is behind a route's literal part, decoded once.</summary>
    public static string Behind(HttpRequest request, string route) => request.Path.Value!.Length > route.Length + 1 ? request.Path.Value[(route.Length + 1)..] : "";

    /// <summary>A folder's path, behind which there may be a slash.</summary>
    public static string FolderOf(string? path) => path is [.. { Length: > 0 } folder, '/'] ? folder : path ?? "";

    // mlflow-artifacts:/0/..., or with a host: mlflow-artifacts://host/0/...
    private static string? PathOf(string artifactUri)
    {
        if (!artifactUri.StartsWith($"{Scheme}/", StringComparison.Ordinal))
            return null;
        var path = artifactUri[Scheme.Length..];
        return path.StartsWith("//", StringComparison.Ordinal) ? path[2..].Split('/', 2)[^1] : path[1..];
    }
}
