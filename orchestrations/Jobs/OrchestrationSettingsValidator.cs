using Microsoft.Extensions.Options;

namespace Larder.Orchestrations;

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
