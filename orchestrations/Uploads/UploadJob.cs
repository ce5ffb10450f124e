using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Uploads;

/// <summary>The jobs that take uploads in: <see cref="ReceiveUpload"/>, told by <see cref="UploadOptions"/>.</summary>
public sealed class UploadJob : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "upload";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.ReceiveUpload;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Contributors;

    /// <inheritdoc/>
    public string NotScheduled =>
        "What was uploaded in blocks is taken in once, and then gone. Schedule ingest, which takes a file of the container uploads in each time that it has changed.";

    /// <inheritdoc/>
    public object InputOf(Job job) => job.Id;

    /// <inheritdoc/>
    public void Check(Job job)
    {
        // Whatever can be said against an upload, its steps say.
    }

    /// <summary>The manifest of an upload whose content is not validated yet.</summary>
    internal static IngestionManifest ArrivalOf(UploadOptions options, string? fileName) => new()
    {
        Source = options.Source,
        Once = $"upload:{options.Upload}",
        FileName = fileName,
        Description = options.Description,
        ModelDescription = options.ModelDescription,
        Tags = options.Tags,
        Aliases = options.Aliases,
        Settings = options.Settings,
    };
}
