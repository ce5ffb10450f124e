using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.ContainerInstances;
using Larder.Orchestrations.Compute.Processes;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Orchestrations.Schedules;
using Larder.Orchestrations.Scoring;
using Microsoft.Extensions.Options;

namespace Larder.Orchestrations.Jobs;

/// <summary>Checks the settings of jobs, by the attributes of their records. The compiler writes it.</summary>
[OptionsValidator]
public sealed partial class OrchestrationSettingsValidator :
    IValidateOptions<JobLimits>,
    IValidateOptions<ArchiveLimits>,
    IValidateOptions<IngestionOptions>,
    IValidateOptions<ScoringLimits>,
    IValidateOptions<ScheduleOptions>,
    IValidateOptions<ComputeOptions>,
    IValidateOptions<ProcessComputeOptions>,
    IValidateOptions<ContainerInstanceOptions>;
