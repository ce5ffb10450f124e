using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;

namespace Larder.Registry.Backup;

/// <summary>Opens archives of registries (<see cref="RegistryExporter"/>) to take in what they have.</summary>
/// <param name="registry">Where models go.</param>
/// <param name="jobs">Tells whether an import that left a model half done is over.</param>
/// <param name="artifacts">Where their files go.</param>
/// <param name="staging">Local disk.</param>
/// <param name="validate">Looks into models.</param>
/// <param name="publishing">How large a model may be.</param>
/// <param name="limits">How much an archive may hold.</param>
/// <param name="schedules">Where schedules go.</param>
/// <param name="time">Gives imported documents and their audit records their time.</param>
public sealed class RegistryImporter(
    ModelRegistry registry, JobStore jobs, IArtifactStore artifacts, StagingArea staging, ValidateModel validate, PublishingOptions publishing, ImportLimits limits, ScheduleStore schedules, TimeProvider time)
{
    /// <summary>Opens an archive, and looks at the names and hashes of all its files.</summary>
    /// <param name="archive">The archive; it must stay what it is.</param>
    /// <param name="job">Id of the job that imports it.</param>
    /// <param name="who">Who imports it, for the audit log.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">It is no export, or not one that can be read here.</exception>
    public async Task<RegistryImport> OpenAsync(IImportArchive archive, string job, string who, CancellationToken cancellationToken = default) => new(
        await ImportReader.OpenAsync(archive, limits, publishing, cancellationToken),
        new ImportedModelWriter(registry.Store, job, who, time),
        new ImportDecisions(registry.Documents, jobs, job),
        registry.Documents,
        artifacts,
        staging,
        validate,
        (schedule, stop) => schedules.ImportAsync(schedule, who, time.GetUtcNow(), stop));
}
