using System.Text.Json;
using Larder.Registry;

namespace Larder.Orchestrations.Tests;

/// <summary>A type of job that needs nothing.</summary>
internal sealed class BakeJob : IJobType, IScheduledJob
{
    public string Name => "bake";

    public string Type => "bake";

    public string Orchestrator => "Bake";

    public JobRoles Roles => JobRoles.Contributors;

    /// <summary>What is thrown when a job is asked for.</summary>
    public Exception? Fault { get; set; }

    public object InputOf(Job job) => job.Id;

    public void Check(Job job)
    {
    }

    public Task<(ScheduledJob Job, IReadOnlyDictionary<string, string> Secrets)> CheckAsync(
        Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> known, CancellationToken cancellation) =>
        Task.FromResult((job, known));

    public Task<JobRequest> RequestAsync(Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellation) =>
        Fault is { } fault ? throw fault : Task.FromResult(new JobRequest(Name, job.Model, JsonSerializer.SerializeToElement(new { })));
}
