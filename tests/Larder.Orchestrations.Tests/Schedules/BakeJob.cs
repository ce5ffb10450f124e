using System.Text.Json;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Jobs;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Tests.Schedules;

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
        Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> known, CancellationToken cancellationToken) =>
        Task.FromResult((job, known));

    public Task<JobRequest> RequestAsync(Caller caller, ScheduledJob job, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellationToken) =>
        Fault is { } fault ? throw fault : Task.FromResult(new JobRequest(Name, job.Model, JsonSerializer.SerializeToElement(new { })));
}
