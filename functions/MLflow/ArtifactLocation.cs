using Larder.Functions.Access;
using Larder.Registry.Errors;
using Larder.Registry.Text;
using Larder.Tracking.Artifacts;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.MLflow;

/// <summary>A path of the artifact proxy: the run or logged model whose <c>artifact_uri</c> it begins with, and the path in that.</summary>
/// <param name="Owner">The run, or the logged model.</param>
/// <param name="RunId">The run, or the one that made the model; null for a model of no run.</param>
/// <param name="Path">The path in it.</param>
internal sealed record ArtifactLocation(string Owner, string? RunId, ArtifactPath Path)
{
    private const string Scheme = "mlflow-artifacts:";
    private const string Folder = "artifacts";
    private const int RunIdLength = 32;

    /// <summary>Finds the run or logged model of a path.</summary>
    /// <exception cref="InvalidRequestException">The path breaks a rule.</exception>
    /// <exception cref="NotFoundException">None has its artifacts there.</exception>
    public static async Task<ArtifactLocation> FindAsync(RunStore runs, LoggedModelStore models, string path, CancellationToken cancellationToken)
    {
        var names = ArtifactPath.Parse(path).Names;
        for (var i = 0; i + 1 < names.Count; i++)
        {
            if (names[i + 1] != Folder || await OwnerAsync(names[i]) is not var (run, uri))
                continue;
            if (PathOf(uri) == string.Join('/', names.Take(i + 2)))
                return new ArtifactLocation(names[i], run, names.Skip(i + 2).Aggregate(ArtifactPath.Root, (folder, name) => folder[name]));
        }
        throw new NotFoundException($"No run has artifacts at {Quoted.Text(path)}: a path begins with that of a run's or logged model's artifact_uri, as 0/{{run_id}}/artifacts.");

        async Task<(string? Run, string Uri)?> OwnerAsync(string name)
        {
            if (LoggedModelStore.IsId(name))
            {
                var model = await models.FindAsync(name, cancellationToken);
                return (model.SourceRunId, model.ArtifactUri);
            }
            if (name.Length != RunIdLength || !name.All(char.IsAsciiHexDigitLower))
                return null;
            return (name, (await runs.GetAsync(name, cancellationToken)).ArtifactUri);
        }
    }

    /// <summary>What is behind a route's literal part, decoded once. The part is that behind <c>/api</c> or <c>/ajax-api</c>.</summary>
    public static string Behind(HttpRequest request, string route)
    {
        var path = request.Path.Value!;
        var start = path.IndexOf('/', 1) + route.Length + 1;
        return path.Length > start ? path[start..] : "";
    }

    /// <summary>A folder's path, behind which there may be a slash.</summary>
    public static string FolderOf(string? path) => path is [.. { Length: > 0 } folder, '/'] ? folder : path ?? "";

    /// <summary>The run or logged model, if the caller may have to do with it.</summary>
    /// <exception cref="ForbiddenException">The caller has the token of a job, and it is of another run.</exception>
    public RunKey KeyFor(HttpRequest request) => request.RequireRun(RunId ?? "") with { Id = Owner };

    // mlflow-artifacts:/0/..., or with a host: mlflow-artifacts://host/0/...
    private static string? PathOf(string artifactUri)
    {
        if (!artifactUri.StartsWith($"{Scheme}/", StringComparison.Ordinal))
            return null;
        var path = artifactUri[Scheme.Length..];
        return path.StartsWith("//", StringComparison.Ordinal) ? path[2..].Split('/', 2)[^1] : path[1..];
    }
}
