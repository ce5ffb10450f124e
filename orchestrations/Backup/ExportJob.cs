using Larder.Orchestrations.Jobs;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Backup;

/// <summary>The jobs that write archives of the registry: <see cref="ExportRegistry"/>, told by <see cref="ExportOptions"/>.</summary>
public sealed class ExportJob : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "export";

    /// <summary>What such a job has for a model: it is about all of them.</summary>
    public const string AllModels = "*";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.ExportRegistry;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Administrators;

    /// <inheritdoc/>
    public object InputOf(Job job) => job.Id;

    /// <inheritdoc/>
    public void Check(Job job) => _ = JobOptions.Of<ExportOptions>(job).Selection;
}
