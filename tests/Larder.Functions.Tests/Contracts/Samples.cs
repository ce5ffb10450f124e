using System.Text.Json;
using Larder.Inference.Settings;
using Larder.Inference.Signatures;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Datasets;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Log;
using Larder.Registry.Models;
using Larder.Registry.Schedules;
using Larder.Registry.Tokens;
using Larder.Registry.Uploads;

namespace Larder.Functions.Tests.Contracts;

/// <summary>Stored records with a value in every member that answers show.</summary>
internal static class Samples
{
    private static readonly ModelName Iris = ModelName.Parse("iris");
    private static readonly DateTimeOffset Time = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static Model FullModel { get; } = new()
    {
        Name = Iris,
        Description = "Species of iris flowers: «ß» & <b>",
        Tags = new Dictionary<string, string> { ["Team Name"] = "plants" },
        Owner = "ann",
        Settings = new ModelSettings
        {
            Session = new SessionSettings { IntraOpThreads = 2 },
            Batching = new BatchingSettings { Enabled = true, MaxRows = 8 },
            Queue = new QueueSettings { TimeoutSeconds = 1.5, MaxRequests = 10 },
            Image = new ImageSettings { Scale = 1.0 / 255, Mean = [0.5], Std = [0.25, 2], ChannelOrder = "BGR", Resize = "crop" },
            Cache = new CacheSettings { Enabled = true, Seconds = 60 },
            Missing = "nan",
        },
        Aliases = new Dictionary<string, int> { ["champion"] = 1 },
        DefaultVersion = 1,
        LatestVersion = 2,
        Created = Time,
        Updated = Time.AddMinutes(1),
        Audit =
        [
            new AuditEntry { Revision = 3, When = Time, Who = "ann", What = "alias", Alias = "champion", From = 2, To = 1 },
            new AuditEntry { When = Time.AddTicks(1), What = "create" },
        ],
        ETag = "hidden",
    };

    public static Model EmptyModel { get; } = new()
    {
        Name = ModelName.Parse("empty"),
        Description = "",
        Tags = new Dictionary<string, string>(),
        Settings = new ModelSettings(),
        Aliases = new Dictionary<string, int>(),
        Created = Time,
        Updated = Time,
        Audit = [],
    };

    public static ModelVersion FullVersion { get; } = new()
    {
        Model = Iris,
        Version = 1,
        Status = ModelVersionStatus.Ready,
        Sha256 = new string('a', 64),
        SizeBytes = 1234,
        FileName = "iris.onnx",
        Description = "first",
        Tags = new Dictionary<string, string> { ["stage"] = "test" },
        Source = "upload",
        Onnx = new ModelDescription
        {
            Signature = new ModelSignature(
                [new ValueSignature { Name = "x", Kind = ValueKind.Tensor, Datatype = Datatype.Fp32, Shape = [-1, 4] }],
                [
                    new ValueSignature { Name = "label", Kind = ValueKind.Tensor, Datatype = Datatype.Int64, Shape = [-1] },
                    new ValueSignature
                    {
                        Name = "probabilities",
                        Kind = ValueKind.Sequence,
                        Element = new ValueSignature { Name = "", Kind = ValueKind.Map, KeyDatatype = Datatype.Int64, Datatype = Datatype.Fp32 },
                    },
                ]),
            IrVersion = 10,
            Opsets = new Dictionary<string, long> { [""] = 21, ["ai.onnx.ml"] = 3 },
            Producer = "skl2onnx",
            Documentation = "hidden",
            Metadata = new Dictionary<string, string> { ["hidden"] = "yes" },
            RowsAreIndependent = true,
            TakesMissing = true,
        },
        Kind = ModelVersion.OptimizedKind,
        Job = "20260131-1",
        OptimizedFrom = 1,
        OptimizedTo = 2,
        Metrics = new Dictionary<string, double> { ["accuracy"] = 0.9733333333333334 },
        Labels = ["setosa", "versicolor"],
        Features = [new Feature { Name = "a" }, new Feature { Name = "b", Type = "length", Unit = "cm", Missing = false, Default = JsonSerializer.SerializeToElement(1.5) }],
        Files = [new VersionFile(VersionFile.Card, new string('b', 64), 12)],
        Created = Time,
        CreatedBy = "hidden",
    };

    public static ModelVersion PlainVersion { get; } = new()
    {
        Model = ModelName.Parse("plain"),
        Version = 7,
        Status = ModelVersionStatus.Pending,
        Sha256 = new string('c', 64),
        SizeBytes = 1,
        Source = "upload",
        Onnx = FullVersion.Onnx with { Producer = null, RowsAreIndependent = false, TakesMissing = false },
        Created = Time,
    };

    public static Job FullJob { get; } = new()
    {
        Id = "20260131-1",
        Type = "train",
        State = JobState.TimedOut,
        Reason = "It took longer than 60 s.",
        Model = "iris",
        Version = 3,
        OptimizedVersion = 4,
        Options = JsonSerializer.SerializeToElement(new { alias = "champion", timeout_seconds = 60 }),
        Inputs = [new JobInput("dataset", "iris.csv", new string('d', 64), 99)],
        Source = "uploads/iris.csv",
        Outputs = [new JobOutput("model.onnx", 10, new string('e', 64), "0x1"), new JobOutput("log.txt", 0, null, "0x2")],
        Steps = [new JobStep("stage", 1, Time, Time.AddSeconds(1), "2 files"), new JobStep("start", 2, Time)],
        Attempts = [new JobAttempt(1, Time, Time.AddSeconds(1), 137, "Killed."), new JobAttempt(2, Time)],
        MaxAttempts = 2,
        Metrics = new Dictionary<string, double> { ["accuracy"] = 1 },
        Gate = new JobGate(true, "accuracy", 0.97, 0.9, "champion", 1, 0.95, "0.97 is at least 0.95."),
        Compilation = "done",
        ExitCode = 137,
        Backend = "process",
        Owner = "ann",
        RetryOf = "20260130-1",
        Schedule = "20260101-1",
        CancelRequested = Time,
        Created = Time,
        Started = Time.AddSeconds(1),
        Finished = Time.AddSeconds(2),
    };

    public static Job QueuedJob { get; } = new() { Id = "20260131-2", Type = "ingest", State = JobState.Queued, Model = "iris", Options = JsonSerializer.SerializeToElement<object?>(null), Created = Time };

    public static Schedule FullSchedule { get; } = new()
    {
        Id = "20260131-3",
        Name = "nightly",
        Description = "Trains at night",
        Cron = "0 3 * * *",
        TimeZone = "Europe/Berlin",
        Job = new ScheduledJob
        {
            Type = "train",
            Model = "iris",
            Options = JsonSerializer.SerializeToElement(new { alias = "champion" }),
            Inputs = new ScheduledInputs { Job = "20260131-1", Version = "champion", Dataset = "uploads/iris.csv", Blob = "iris/drop.onnx" },
        },
        Secrets = new Dictionary<string, string> { ["hidden"] = "yes" },
        Overlap = OverlapPolicy.Queue,
        Missed = MissedPolicy.All,
        Enabled = false,
        Owner = "ann",
        Maker = new Caller("ann", Role.Contributor, new ModelScope { Prefixes = ["ir"], Tags = new Dictionary<string, string> { ["team"] = "plants" } }),
        Created = Time,
        Updated = Time.AddMinutes(1),
        Revision = 4,
        Progress = new ScheduleProgress { NextRun = Time.AddHours(1), Waiting = [Time], LastRun = FullRun, Runs = [FullRun] },
    };

    public static Schedule PlainSchedule { get; } = new()
    {
        Id = "20260131-4",
        Name = "plain",
        Cron = "* * * * *",
        TimeZone = "UTC",
        Job = new ScheduledJob { Type = "export", Model = "*" },
        Created = Time,
        Updated = Time,
    };

    public static ScheduleRun FullRun => new()
    {
        Number = 5,
        Due = Time,
        Since = Time.AddHours(-1),
        Count = 3,
        At = Time.AddSeconds(1),
        Outcome = RunOutcome.Started,
        Job = FullJob.Id,
        Manual = true,
    };

    public static ScheduleRun SkippedRun => new() { Number = 6, Due = Time, At = Time, Outcome = RunOutcome.Skipped, Reason = "The run before has not ended." };

    public static CallerToken FullToken { get; } = new()
    {
        Id = new string('0', 16),
        Name = "ci",
        Role = Role.Predictor,
        Scope = new ModelScope { Prefixes = ["ir"], Tags = new Dictionary<string, string> { ["team"] = "plants" } },
        Expires = Time,
        Created = Time.AddDays(-1),
        CreatedBy = "admin-token",
        LastUsed = Time.AddHours(-1),
    };

    public static CallerToken PlainToken { get; } = new() { Id = new string('1', 16), Name = "all", Role = Role.Admin, Created = Time, CreatedBy = "ann" };

    public static AuditRecord FullRecord { get; } = new()
    {
        Subject = "models/iris",
        Revision = 3,
        When = Time,
        Who = "ann",
        What = "alias",
        Before = JsonSerializer.SerializeToElement(new { version = 1 }),
        After = JsonSerializer.SerializeToElement(new { version = 2 }),
    };

    public static AuditRecord PlainRecord { get; } = new() { Subject = "settings", When = Time, What = "settings" };

    public static Dataset FullDataset { get; } = new()
    {
        Model = Iris,
        FileName = "today.csv",
        Sha256 = new string('f', 64),
        SizeBytes = 7,
        Job = "20260131-5",
        Owner = "ann",
        Created = Time,
    };

    public static UploadSession FullUpload { get; } = new()
    {
        Id = "u1",
        Model = Iris,
        Kind = UploadKind.Dataset,
        FileName = "today.csv",
        SizeBytes = 7,
        Created = Time,
        Expires = Time.AddHours(6),
        Job = "20260131-5",
        ETag = "hidden",
    };

    public static JobLogLine LogLine { get; } = new(1, Time, "out", "epoch 1 «ß»");
}
