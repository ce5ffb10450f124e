using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Http;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Log;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Jobs;

/// <summary>Maps jobs of the registry to what answers show.</summary>
internal static class JobAnswers
{
    /// <summary>A job with its steps and outputs.</summary>
    /// <param name="job">The job.</param>
    /// <param name="status">What its orchestration does at this moment, when that is known.</param>
    public static JobDetails Of(Job job, JsonElement? status = null) => Short(job) with
    {
        Outputs = Of(job.Outputs),
        Steps = [.. job.Steps.Select(step => new JobStepDetails { Name = step.Name, Attempt = step.Attempt, Started = step.Started, Finished = step.Finished, Detail = step.Detail })],
        Status = status,
    };

    /// <summary>A job in a list: without steps and outputs, which can be thousands of lines.</summary>
    public static JobDetails Short(Job job) => new()
    {
        Id = job.Id,
        Type = job.Type,
        State = WireNames.Of(job.State),
        Reason = job.Reason,
        Model = job.Model,
        Version = job.Version,
        OptimizedVersion = job.OptimizedVersion,
        Options = job.Options,
        Inputs = [.. job.Inputs.Select(input => new JobInputDetails { Name = input.Name, FileName = input.FileName, Sha256 = input.Sha256, SizeBytes = input.SizeBytes })],
        Source = job.Source,
        Attempts =
        [
            .. job.Attempts.Select(attempt => new JobAttemptDetails
            {
                Number = attempt.Number,
                Started = attempt.Started,
                Finished = attempt.Finished,
                ExitCode = attempt.ExitCode,
                Reason = attempt.Reason,
            }),
        ],
        MaxAttempts = job.MaxAttempts,
        Metrics = job.Metrics,
        Run = job.Run,
        Gate = job.Gate is { } gate ? Of(gate) : null,
        Compilation = job.Compilation,
        ExitCode = job.ExitCode,
        Backend = job.Backend,
        Owner = job.Owner,
        RetryOf = job.RetryOf,
        Schedule = job.Schedule,
        CancelRequested = job.CancelRequested,
        Created = job.Created,
        Started = job.Started,
        Finished = job.Finished,
    };

    /// <summary>202: the job was accepted, and <c>Location</c> has its address.</summary>
    public static Envelope Accepted(Job job, string description) => new Envelope(StatusCodes.Status202Accepted, description, new JobAnswer { Job = Of(job) })
        .WithLocation($"/api/v1/jobs/{job.Id}");

    /// <summary>The files that a job left.</summary>
    public static IReadOnlyList<JobOutputDetails> Of(IEnumerable<JobOutput> outputs) =>
        [.. outputs.Select(output => new JobOutputDetails { Path = output.Path, SizeBytes = output.SizeBytes, Sha256 = output.Sha256, ETag = output.ETag })];

    /// <summary>A line of a log.</summary>
    public static JobLogLineDetails Of(JobLogLine line) => new() { N = line.N, T = line.T, S = line.S, M = line.M };

    private static JobGateDetails Of(JobGate gate) => new()
    {
        Passed = gate.Passed,
        Metric = gate.Metric,
        Value = gate.Value,
        Threshold = gate.Threshold,
        Against = gate.Against,
        AgainstVersion = gate.AgainstVersion,
        AgainstValue = gate.AgainstValue,
        Reason = gate.Reason,
    };
}
