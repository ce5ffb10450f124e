using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Backup;

/// <summary>The jobs that take in archives of registries: <see cref="ImportRegistry"/>, told by <see cref="ImportOptions"/>.</summary>
/// <param name="urls">Which URLs.</param>
public sealed class ImportJob(UrlSource urls) : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "import";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.ImportRegistry;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Administrators;

    /// <inheritdoc/>
    public string NotScheduled => "An archive is imported once: again, it changes nothing. Schedule export, for backups, and import one of them when it is needed.";

    /// <inheritdoc/>
    public object InputOf(Job job) => job.Id;

    /// <inheritdoc/>
    public void Check(Job job)
    {
        if (job.Source is { } source && DatasetSource.IsUrl(source))
            urls.Require(source);
    }
}
