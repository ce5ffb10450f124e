using Larder.Contracts;
using Larder.Functions.Http;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Errors;
using Larder.Registry.Schedules;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Schedules;

/// <summary>Reads a schedule from a request. Every member is known, and of its type; anything else is 422.</summary>
internal static class ScheduleBody
{
    /// <summary>How it is read.</summary>
    public static readonly JsonBody<ScheduleRequest> Body = new(
        "{name, description, cron, time_zone, job: {type, model, options, inputs: {job, version, dataset, blob}}, overlap, missed, enabled, owner}");

    /// <summary>Reads the body of a request.</summary>
    /// <exception cref="InvalidRequestException">The body is not a schedule.</exception>
    public static async Task<SchedulePatch> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Body.ReadAsync(request, cancellationToken);
        return new SchedulePatch
        {
            Name = body.Name,
            Description = body.Description,
            Cron = body.Cron,
            TimeZone = body.TimeZone,
            Job = body.Job is { } job ? ToJob(job) : null,
            Overlap = Named<OverlapPolicy>("overlap", body.Overlap),
            Missed = Named<MissedPolicy>("missed", body.Missed),
            Enabled = body.Enabled,
            Owner = body.Owner,
        };
    }

    private static T? Named<T>(string member, string? text)
        where T : struct, Enum
    {
        if (text is null)
            return null;
        var names = WireNames.All<T>();
        return names.TryGetValue(text, out var named)
            ? named
            : throw new InvalidRequestException($"{member} must be one of {string.Join(", ", names.Keys)}.");
    }

    private static ScheduledJob ToJob(ScheduledJobRequest job) => new()
    {
        Type = job.Type ?? throw new InvalidRequestException("job needs a type."),
        Model = job.Model ?? throw new InvalidRequestException("job needs a model."),
        Options = job.Options,
        Inputs = new ScheduledInputs { Job = job.Inputs?.Job, Version = job.Inputs?.Version, Dataset = job.Inputs?.Dataset, Blob = job.Inputs?.Blob },
    };
}
