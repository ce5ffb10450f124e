using System.Globalization;
using Larder.Contracts;
using Larder.Functions.Http;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Registry.Audit;
using Larder.Registry.Models;
using Larder.Registry.Samples;
using Larder.Registry.Storage;
using BatchingSettings = Larder.Inference.Settings.BatchingSettings;
using CacheSettings = Larder.Inference.Settings.CacheSettings;
using ImageSettings = Larder.Inference.Settings.ImageSettings;
using ModelSettings = Larder.Inference.Settings.ModelSettings;
using QueueSettings = Larder.Inference.Settings.QueueSettings;
using SessionSettings = Larder.Inference.Settings.SessionSettings;

namespace Larder.Functions.Models;

/// <summary>Maps models and versions of the registry to what answers show.</summary>
internal static class ModelAnswers
{
    /// <summary>A model.</summary>
    public static ModelDetails Of(Model model) => new()
    {
        Name = model.Name,
        Description = model.Description,
        Tags = model.Tags,
        Owner = model.Owner,
        Settings = Of(model.Settings),
        Aliases = model.Aliases,
        DefaultVersion = model.DefaultVersion,
        LatestVersion = model.LatestVersion,
        Created = model.Created,
        Updated = model.Updated,
        Audit = [.. model.Audit.Select(Of)],
        DeletedVersions = model.DeletedVersions.Count == 0
            ? null
            : [.. model.DeletedVersions.OrderBy(one => one.Key).Select(one => new VersionDeletionDetails { Version = one.Key, When = one.Value.When, Who = one.Value.Who })],
        Deletion = model.Deletion is { } deletion ? new DeletionDetails { When = deletion.When, Who = deletion.Who } : null,
    };

    /// <summary>A version.</summary>
    public static VersionDetails Of(ModelVersion version) => new()
    {
        Model = version.Model,
        Version = version.Version,
        Status = WireNames.Of(version.Status),
        Sha256 = version.Sha256,
        SizeBytes = version.SizeBytes,
        FileName = version.FileName,
        Description = version.Description,
        Tags = version.Tags,
        Source = version.Source,
        Kind = version.Kind,
        Job = version.Job,
        Run = version.Run,
        OptimizedFrom = version.OptimizedFrom,
        OptimizedTo = version.OptimizedTo,
        Signature = new SignatureDetails
        {
            Inputs = [.. version.Onnx.Signature.Inputs.Select(Of), .. version.Onnx.Signature.OptionalInputs.Select(input => Of(input) with { Optional = true })],
            Outputs = [.. version.Onnx.Signature.Outputs.Select(Of)],
        },
        IrVersion = version.Onnx.IrVersion,
        Opsets = version.Onnx.Opsets,
        Producer = version.Onnx.Producer,
        RowsAreIndependent = version.Onnx.RowsAreIndependent,
        TakesMissing = version.Onnx.TakesMissing,
        Metrics = version.Metrics,
        Labels = version.Labels,
        Features = [.. version.Features.Select(Of)],
        Manifest = version.Manifest?.Select(file => new VersionFileDetails { Name = file.Name, Sha256 = file.Sha256, SizeBytes = file.SizeBytes }).ToList(),
        Files = [.. version.Files.Select(file => new VersionFileDetails { Name = file.Name, Sha256 = file.Sha256, SizeBytes = file.SizeBytes })],
        Samples = VersionFile.HaveSamples(version.Files) ? new SampleSetDetails { Tolerance = Of(version.SampleTolerance), Check = Of(version.SampleCheck) } : null,
        Created = version.Created,
    };

    /// <summary>A tolerance.</summary>
    public static ToleranceDetails Of(SampleTolerance tolerance) => new() { Atol = tolerance.Atol, Rtol = tolerance.Rtol };

    /// <summary>A comparison with samples.</summary>
    public static SampleCheckDetails? Of(SampleCheck? check) =>
        check is null ? null : new() { OnnxRuntime = check.OnnxRuntime, When = check.When, Difference = check.Difference };

    /// <summary>What MLBuffet's information routes say.</summary>
    /// <param name="model">The model.</param>
    /// <param name="version">The version that was asked for; null while no version is ready.</param>
    public static ModelInformation Information(Model model, ModelVersion? version)
    {
        var signature = version?.Onnx.Signature;
        // A model may have no inputs.
        var input = signature?.Inputs is [var first, ..] ? first : null;
        return new()
        {
            Name = model.Name,
            Description = model.Description,
            InputName = input?.Name,
            NumInputs = input?.Shape,
            OutputName = signature?.Outputs is [var output, ..] ? output.Name : null,
            DefaultVersion = model.ServedVersion,
            Model = Of(model),
            Version = version is null ? null : Of(version),
        };
    }

    /// <summary>The same with a page of all versions.</summary>
    public static ModelAnswer Information(Model model, ModelVersion? version, LoadedState? loaded, Page<ModelVersion> versions)
    {
        var about = Information(model, version);
        return new ModelAnswer
        {
            Name = about.Name,
            Description = about.Description,
            ModelType = about.ModelType,
            InputName = about.InputName,
            NumInputs = about.NumInputs,
            OutputName = about.OutputName,
            DefaultVersion = about.DefaultVersion,
            Model = about.Model,
            Version = about.Version,
            Serving = loaded is null ? null : Of(loaded),
            TagListVersions = versions.Items.ToDictionary(one => $"{one.Version}", TagOf),
            Versions = [.. versions.Items.Select(Of)],
            NextCursor = versions.Cursor,
        };
    }

    private static ServingDetails Of(LoadedState loaded) => new()
    {
        Bytes = loaded.Bytes,
        Threads = loaded.Threads.Threads,
        ThreadsReason = WireNames.Of(loaded.Threads.Reason),
        OneThreadRunsPerSecond = loaded.Threads.OneThread,
        AllCoresRunsPerSecond = loaded.Threads.AllCores,
        ConcurrentRuns = loaded.Runs,
    };

    private static TagVersion TagOf(ModelVersion version) => new()
    {
        Path = $"/api/v1/models/{version.Model}:{version.Version}/download",
        File = version.FileName,
        Time = version.Created.UtcDateTime.ToString("HH:mm:ss dd/MM/yyyy", CultureInfo.InvariantCulture),
        Description = version.Description,
        MlLibrary = version.Tags.GetValueOrDefault(PutModel.LibraryVersion),
    };

    /// <summary>Settings as the rooms have them, from a request.</summary>
    public static ModelSettings ToSettings(this Contracts.ModelSettings settings) => new()
    {
        Session = new SessionSettings { IntraOpThreads = settings.Session.IntraOpThreads, Optimization = settings.Session.Optimization },
        Batching = new BatchingSettings { Enabled = settings.Batching.Enabled, MaxRows = settings.Batching.MaxRows },
        Queue = new QueueSettings { TimeoutSeconds = settings.Queue.TimeoutSeconds, MaxRequests = settings.Queue.MaxRequests },
        Image = new ImageSettings
        {
            Scale = settings.Image.Scale,
            Mean = settings.Image.Mean,
            Std = settings.Image.Std,
            ChannelOrder = settings.Image.ChannelOrder,
            Resize = settings.Image.Resize,
        },
        Cache = new CacheSettings { Enabled = settings.Cache.Enabled, Seconds = settings.Cache.Seconds },
        Missing = settings.Missing,
    };

    private static Contracts.ModelSettings Of(ModelSettings settings) => new()
    {
        Session = new() { IntraOpThreads = settings.Session.IntraOpThreads, Optimization = settings.Session.Optimization },
        Batching = new() { Enabled = settings.Batching.Enabled, MaxRows = settings.Batching.MaxRows },
        Queue = new() { TimeoutSeconds = settings.Queue.TimeoutSeconds, MaxRequests = settings.Queue.MaxRequests },
        Image = new()
        {
            Scale = settings.Image.Scale,
            Mean = settings.Image.Mean,
            Std = settings.Image.Std,
            ChannelOrder = settings.Image.ChannelOrder,
            Resize = settings.Image.Resize,
        },
        Cache = new() { Enabled = settings.Cache.Enabled, Seconds = settings.Cache.Seconds },
        Missing = settings.Missing,
    };

    private static ModelChange Of(AuditEntry entry) => new()
    {
        Revision = entry.Revision,
        When = entry.When,
        Who = entry.Who,
        What = entry.What,
        Alias = entry.Alias,
        From = entry.From,
        To = entry.To,
    };

    private static FeatureDetails Of(Feature feature) => new()
    {
        Name = feature.Name, Type = feature.Type, Unit = feature.Unit, Missing = feature.Missing, Default = feature.Default,
    };

    private static ValueDetails Of(ValueSignature value) => new()
    {
        Name = value.Name,
        Kind = WireNames.Of(value.Kind),
        Datatype = value.Datatype is { } datatype ? WireNames.Of(datatype) : null,
        Shape = value.Shape,
        KeyDatatype = value.KeyDatatype is { } key ? WireNames.Of(key) : null,
        Element = value.Element is { } element ? Of(element) : null,
    };
}
