using System.Text.Json;
using Larder.Contracts;
using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Drift;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Training;
using Larder.Orchestrations.Uploads;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Functions.Jobs;

/// <summary>The types of jobs: the one list that registers them, describes them to callers, and filters by them.</summary>
internal static class JobTypes
{
    /// <summary>All types, in the order in which they are listed.</summary>
    public static IReadOnlyList<Entry> All { get; } =
    [
        new(
            typeof(TrainJob),
            TrainJob.Type,
            "Runs a Python script on a data set, and registers the model that it leaves as a version.",
            "POST /api/v1/train/{model}",
            ["script", "dataset"],
            ["requirements"],
            () => TrainOptions.Schema.Json),
        new(
            typeof(IngestJob),
            IngestJob.Type,
            "Takes in a model that was dropped into the container uploads, as .onnx, .zip, .tar.gz or .tgz, and registers it as a version.",
            "Put a blob to uploads/{model}/{name}",
            [],
            [],
            () => IngestOptions.Schema.Json),
        new(
            typeof(UploadJob),
            UploadJob.Type,
            "Takes in a model that was uploaded in blocks, and registers it as a version.",
            "POST /api/v1/models/{model}/uploads/{upload}/complete",
            [],
            [],
            () => UploadOptions.Schema.Json),
        new(
            typeof(DatasetJob),
            DatasetJob.Type,
            "Takes in a data set that was uploaded in blocks, for jobs to name.",
            "POST /api/v1/models/{model}/uploads/{upload}/complete",
            [],
            [],
            () => DatasetOptions.Schema.Json),
        new(
            typeof(ScoreJob),
            ScoreJob.Type,
            "Scores the rows of a data set with a version of a model, and leaves a file with a row for each.",
            "POST /api/v1/models/{reference}/scoring",
            ["dataset"],
            [],
            () => ScoreOptions.Schema.Json),
        new(
            typeof(DriftJob),
            DriftJob.Type,
            "Compares the columns of a data set with those of the data set that a version was trained on, and says which have drifted.",
            "POST /api/v1/models/{reference}/drift",
            ["dataset"],
            [],
            () => DriftOptions.Schema.Json),
        new(
            typeof(ExportJob),
            ExportJob.Type,
            "Writes the registry, or some of its models, as a zip.",
            "POST /api/v1/admin/export",
            [],
            [],
            () => ExportOptions.Schema.Json),
        new(
            typeof(ImportJob),
            ImportJob.Type,
            "Takes in the models and schedules of an export.",
            "POST /api/v1/admin/import",
            [],
            ["archive"],
            () => ImportOptions.Schema.Json),
    ];

    /// <summary>Registers the classes of all types, as themselves and as <see cref="IJobType"/>.</summary>
    public static void AddJobTypes(this IServiceCollection services)
    {
        foreach (var type in All.Select(entry => entry.Class))
        {
            services.AddSingleton(type);
            services.AddSingleton(provider => (IJobType)provider.GetRequiredService(type));
        }
    }

    /// <summary>A type of job.</summary>
    /// <param name="Class">The class that validates and starts such jobs, an <see cref="IJobType"/>.</param>
    /// <param name="Type">The name that jobs have.</param>
    /// <param name="Description">What such a job does, for callers.</param>
    /// <param name="Submit">Method and path that submit one.</param>
    /// <param name="Files">Parts of the form that must be there.</param>
    /// <param name="OptionalFiles">Parts that may be there.</param>
    /// <param name="Options">Gives the JSON Schema of the options: the form's field <c>options</c>, or the body. It is made when it is first asked for, not at start.</param>
    internal sealed record Entry(
        Type Class, string Type, string Description, string Submit, IReadOnlyList<string> Files, IReadOnlyList<string> OptionalFiles, Func<JsonElement> Options)
    {
        /// <summary>What answers show of the type.</summary>
        /// <param name="notScheduled">Why schedules cannot run it, in sentences; null when they can.</param>
        public JobTypeDetails ToDetails(string? notScheduled) => new()
        {
            Type = Type,
            Description = Description,
            Submit = Submit,
            Files = Files,
            OptionalFiles = OptionalFiles,
            Options = Options(),
            Schedulable = notScheduled is null,
            NotSchedulable = notScheduled,
        };
    }
}
