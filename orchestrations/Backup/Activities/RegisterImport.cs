using System.Text;
using System.Text.Json;
using Larder.Inference;
using Larder.Orchestrations.Backup.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Access;
using Larder.Registry.Backup;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Backup.Activities;

/// <summary>Makes the models and schedules of an archive visible, each whole, and leaves a report. Done again, it goes on.</summary>
public sealed class RegisterImport(
    JobSteps steps, JobFiles files, ArchiveSources sources, RegistryImporter importer, ImportedSchedules schedules, TimeProvider time)
{
    private const string Step = "register";

    /// <summary>Registers the models and schedules of an import whose artifacts are stored.</summary>
    [Function(ActivityNames.RegisterImport)]
    public async Task<StepResult> Run([ActivityTrigger] string job, CancellationToken cancellationToken)
    {
        var (result, _) = await steps.RunAsync(
            job,
            Step,
            0,
            found => RunAsync(found, cancellationToken),
            (now, made) => made.Done is { } done ? now with { Outputs = [done.Output], Metrics = done.Metrics } : now,
            made => made.Result.Problem ?? made.Result.Summary,
            cancellationToken: cancellationToken);
        return result;
    }

    private async Task<(StepResult Result, Registered? Done)> RunAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            var plan = await ImportFiles.ReadPlanAsync(files, job.Id, cancellationToken);
            await using var archive = await sources.OpenAsync(job, cancellationToken);
            var import = await importer.OpenAsync(archive, job.Id, job.Owner ?? ImportJob.Type, cancellationToken);
            var models = await ModelsAsync(job, import, plan, cancellationToken);
            var made = await SchedulesAsync(job, import, plan, cancellationToken);
            return await ReportAsync(job, plan, models, made, cancellationToken);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return (new StepResult(e.Message), null);
        }
    }

    private async Task<List<ImportedItem>> ModelsAsync(Job job, RegistryImport import, ImportPlan plan, CancellationToken cancellationToken)
    {
        // Not ended by request: what is visible would stay.
        var progress = new StepProgress(steps, time, job.Id, Step, canEnd: false);
        var done = new List<ImportedItem>();
        foreach (var model in plan.Models)
        {
            done.Add(model.Outcome is ImportOutcome.Created or ImportOutcome.Restored
                ? await import.RegisterAsync(model, (sha256, stop) => ImportFiles.ReadDescriptionAsync(files, job.Id, sha256, stop), cancellationToken)
                : model);
            await progress.NoteAsync(() => $"{done.Count} of {MessageFormat.Count(plan.Models.Count, "model")}.", cancellationToken);
        }

        return done;
    }

    private async Task<List<ImportedItem>> SchedulesAsync(Job job, RegistryImport import, ImportPlan plan, CancellationToken cancellationToken)
    {
        var arePaused = JobOptions.Of<ImportOptions>(job).Schedules == ImportOptions.Paused;
        // Who submits an import is an administrator without a scope (ImportJob.Roles).
        var by = new Caller(job.Owner ?? ImportJob.Type, Role.Admin);
        var done = new List<ImportedItem>();
        foreach (var schedule in plan.Schedules)
        {
            done.Add(schedule.Outcome == ImportOutcome.Created
                ? await import.RegisterScheduleAsync(schedule, (archived, stop) => schedules.PrepareAsync(archived, by, arePaused, stop), cancellationToken)
                : schedule);
        }

        return done;
    }

    private async Task<(StepResult Result, Registered? Done)> ReportAsync(
        Job job, ImportPlan plan, List<ImportedItem> models, List<ImportedItem> made, CancellationToken cancellationToken)
    {
        var content = BinaryData.FromString(Report(models, made));
        var etag = await files.WriteAsync(job.Id, BackupPaths.StoredReport, content, cancellationToken);
        var metrics = new Dictionary<string, double>
        {
            ["versions"] = models.Where(model => model.Outcome is ImportOutcome.Created or ImportOutcome.Restored).Sum(model => model.Versions),
            ["artifacts"] = plan.Artifacts.Count,
            ["artifact_bytes"] = plan.Artifacts.Sum(artifact => artifact.SizeBytes),
        };
        foreach (var outcome in Enum.GetValues<ImportOutcome>())
        {
            var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString());
            metrics[$"models_{name}"] = models.Count(model => model.Outcome == outcome);
            if (outcome != ImportOutcome.Restored)
                metrics[$"schedules_{name}"] = made.Count(schedule => schedule.Outcome == outcome);
        }

        var failed = models.Concat(made).Count(item => item.Outcome == ImportOutcome.Failed);
        var result = failed == 0
            ? new StepResult(Summary: Sentence(models, made))
            : new StepResult($"{MessageFormat.Count(failed, "model or schedule", "models or schedules")} changed here while the import ran, and {(failed == 1 ? "was" : "were")} not imported; {BackupPaths.Report} names {(failed == 1 ? "it" : "them")}. {Sentence(models, made)}");
        return (result, new Registered(new JobOutput(BackupPaths.Report, content.ToMemory().Length, null, etag), metrics));
    }

    /// <summary>A JSON object with a line for each model and schedule.</summary>
    private static string Report(List<ImportedItem> models, List<ImportedItem> made)
    {
        var text = new StringBuilder("{\n");
        Add("models", models);
        text.Append(",\n");
        Add("schedules", made);
        return text.Append("\n}\n").ToString();

        void Add(string name, List<ImportedItem> items) =>
            text.Append($"\"{name}\": [\n").AppendJoin(",\n", items.Select(item => JsonSerializer.Serialize(item, RegistryJson.Options))).Append("\n]");
    }

    private static string Sentence(List<ImportedItem> models, List<ImportedItem> made)
    {
        var counts = models.GroupBy(model => model.Outcome).OrderBy(group => group.Key).Select(group => $"{group.Count()} {JsonNamingPolicy.SnakeCaseLower.ConvertName(group.Key.ToString())}");
        var paused = made.Count(schedule => schedule.Reason is not null && schedule.Outcome == ImportOutcome.Created);
        return $"Models: {(models.Count == 0 ? "none" : string.Join(", ", counts))}. Schedules: {made.Count(schedule => schedule.Outcome == ImportOutcome.Created)} created{(paused == 0 ? "" : $", {paused} of them paused since they cannot run here")}.";
    }

    private sealed record Registered(JobOutput Output, IReadOnlyDictionary<string, double> Metrics);
}
