using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Text;
using Larder.Tracking.Artifacts;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Runs;

namespace Larder.Functions.MLflow;

/// <summary>Finds the model that the source of a version names: a folder, or a file, of what a run logged, or a logged model.</summary>
public sealed class RunModels(RunArtifacts artifacts, RunStore runs, LoggedModelStore models)
{
    private const string OfRun = "runs:/";
    private const string OfProxy = "mlflow-artifacts:/";
    private const string OfModel = "models:/";

    /// <summary>The logged model that a source names; null when it names none.</summary>
    public static string? ModelIdOf(string source) => source.StartsWith(OfModel, StringComparison.Ordinal) && LoggedModelStore.IsId(source[OfModel.Length..]) ? source[OfModel.Length..] : null;

    /// <summary>The run, and the files of the folder, by their paths in it; of a file, the file alone.</summary>
    /// <param name="source">The source, as MLflow's clients write it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The run is null for a logged model that has none.</returns>
    /// <exception cref="InvalidRequestException">It names no artifacts of a run or logged model, or none that are there.</exception>
    /// <exception cref="NotFoundException">There is no such run or logged model.</exception>
    public async Task<(string? RunId, IReadOnlyList<VersionFile> Files)> FindAsync(string source, CancellationToken cancellationToken)
    {
        var (owner, run, path) = await LocationOfAsync(source, cancellationToken);
        if (await artifacts.FindAsync(owner, path, cancellationToken) is { Sha256: { } sha256 } single)
            return (run, [new VersionFile(path.Name, sha256, single.SizeBytes)]);
        var files = new List<VersionFile>();
        await foreach (var file in artifacts.FilesAsync(owner, path, cancellationToken))
        {
            files.Add(new VersionFile(string.Join('/', file.Path.Names.Skip(path.Names.Count)), file.Sha256!, file.SizeBytes));
            if (files.Count > FolderPublisher.MaxFiles)
                break;
        }

        return files.Count > 0 ? (run, files) : throw new InvalidRequestException($"There is nothing at the source {Quoted.Text(source)}: log the files of the model first.");
    }

    private async Task<ArtifactLocation> LocationOfAsync(string source, CancellationToken cancellationToken)
    {
        if (ModelIdOf(source) is { } id)
            return new ArtifactLocation(id, (await models.GetAsync(id, cancellationToken)).SourceRunId, ArtifactPath.Root);
        if (source.StartsWith(OfProxy, StringComparison.Ordinal))
            return await ArtifactLocation.FindAsync(runs, models, source[OfProxy.Length..].Trim('/'), cancellationToken);
        if (source.StartsWith(OfRun, StringComparison.Ordinal) && source[OfRun.Length..].Split('/', 2) is [{ Length: > 0 } run, { Length: > 0 } path])
        {
            // For its refusal of what no run's id can be.
            await runs.GetAsync(run, cancellationToken);
            return new ArtifactLocation(run, run, ArtifactPath.Parse(ArtifactLocation.FolderOf(path)));
        }

        throw new InvalidRequestException(
            $"Invalid model version source: {Quoted.Text(source)}. Name a logged model, as models:/MODEL_ID, or artifacts of a run, as runs:/RUN_ID/PATH or mlflow-artifacts:/EXPERIMENT_ID/RUN_ID/artifacts/PATH, or upload the model by PUT /api/v1/models/NAME.");
    }
}
