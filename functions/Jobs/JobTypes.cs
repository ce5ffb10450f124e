using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Functions.Http;
using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Training;
using Larder.Orchestrations.Uploads;

namespace Larder.Functions.Jobs;

/// <summary>What can be submitted.</summary>
internal static class JobTypes
{
    /// <summary>All of it.</summary>
    public static IReadOnlyList<Entry> All { get; } =
    [
        new(
            TrainJob.Type,
            "Runs a Python script on a data set, and registers the model that it leaves as a version.",
            "POST /api/v1/train/{model}",
            ["script", "dataset"],
            ["requirements"],
            TrainOptions.Schema.Json),
        new(
            IngestJob.Type,
            "Takes in a model that was dropped into the container uploads, as .onnx or .zip, and registers it as a version.",
            "Put a blob to uploads/{model}/{name}",
            [],
            [],
            IngestOptions.Schema.Json),
        new(
            UploadJob.Type,
            "Takes in a model that was uploaded in blocks, and registers it as a version.",
            "POST /api/v1/models/{model}/uploads/{upload}/complete",
            [],
            [],
            UploadOptions.Schema.Json),
        new(
            DatasetJob.Type,
            "Takes in a data set that was uploaded in blocks, for jobs to name.",
            "POST /api/v1/models/{model}/uploads/{upload}/complete",
            [],
            [],
            DatasetOptions.Schema.Json),
        new(
            ScoreJob.Type,
            "Scores the rows of a data set with a version of a model, and leaves a file with a row for each.",
            "POST /api/v1/models/{reference}/scoring",
            ["dataset"],
            [],
            ScoreOptions.Schema.Json),
        new(
            ExportJob.Type,
            "Writes the registry, or some of its models, as a zip.",
            "POST /api/v1/admin/export",
            [],
            [],
            ExportOptions.Schema.Json),
        new(
            ImportJob.Type,
            "Takes in the models and schedules of an export.",
            "POST /api/v1/admin/import",
            [],
            ["archive"],
            ImportOptions.Schema.Json),
    ];

    /// <summary>A type of job.</summary>
    /// <param name="Type">As a job has it.</param>
    /// <param name="Description">What it does.</param>
    /// <param name="Submit">Method and path.</param>
    /// <param name="Files">Parts of the form that must be there.</param>
    /// <param name="OptionalFiles">Parts that may be.</param>
    /// <param name="Options">JSON Schema of what it is told: the form's field <c>options</c>, or the body.</param>
    internal sealed record Entry(
        string Type, string Description, string Submit, IReadOnlyList<string> Files, IReadOnlyList<string> OptionalFiles, JsonElement Options);

    /// <summary>A type of job, and whether schedules can run it.</summary>
    /// <param name="entry">The type.</param>
    /// <param name="notScheduled">Why they cannot, in sentences; null when they can.</param>
    /// <returns>What the API shows.</returns>
    public static JsonObject View(Entry entry, string? notScheduled)
    {
        var view = JsonSerializer.SerializeToNode(entry, Json.Options)!.AsObject();
        view["schedulable"] = notScheduled is null;
        view["not_schedulable"] = notScheduled;
        return view;
    }
}
