using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Options;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Uploads;

/// <summary>The jobs that take uploaded data sets in: <see cref="ReceiveDataset"/>, told by <see cref="DatasetOptions"/>.</summary>
/// <param name="training">How much a training may be given.</param>
/// <param name="scoring">How much a scoring may be given.</param>
public sealed class DatasetJob(JobLimits training, ScoringLimits scoring) : IJobType
{
    /// <summary>The type's name.</summary>
    public const string Type = "dataset";

    /// <inheritdoc/>
    public string Name => Type;

    /// <inheritdoc/>
    public string Orchestrator => OrchestrationNames.ReceiveDataset;

    /// <inheritdoc/>
    public JobRoles Roles => JobRoles.Contributors;

    /// <inheritdoc/>
    public string NotScheduled =>
        "What was uploaded in blocks is taken in once, and then gone. Schedule train or score with the data set's address: it is read anew each time.";

    /// <summary>The most bytes that a data set may have: what no job could be given is not taken in.</summary>
    public long MostBytes => Math.Max(training.DatasetBytes, scoring.DatasetBytes);

    /// <inheritdoc/>
    public object InputOf(Job job) => job.Id;

    /// <inheritdoc/>
    public void Check(Job job)
    {
        // The job's steps check the upload.
    }
}

/// <summary>What completes the upload of a data set: the hash of what was uploaded.</summary>
public sealed record DatasetOptions
{
    /// <summary>The published JSON Schema, with which requests are read.</summary>
    public static OptionSchema<DatasetOptions> Schema { get; } = new();

    /// <summary>The upload.</summary>
    [Description("Id of the upload. The path has it; it need not be repeated."), RegularExpression("^[0-9a-z]{16}$")]
    public string? Upload { get; init; }

    /// <summary>SHA-256 of all bytes.</summary>
    [Description("SHA-256 of the whole file, in hexadecimal digits."), RegularExpression("^[0-9A-Fa-f]{64}$")]
    public required string Sha256 { get; init; }

    /// <summary>How many bytes there are.</summary>
    [Description("Bytes of the whole file, when they are to be checked too."), Range(1, long.MaxValue)]
    public long? SizeBytes { get; init; }
}
