using System.Text.Json;
using Larder.Functions.Http;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Errors;
using Larder.Registry.Schedules;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Schedules;

/// <summary>A schedule as requests describe it. Every member is known, and of its type; anything else is 422.</summary>
internal sealed record ScheduleBody(
    string? Name,
    string? Description,
    string? Cron,
    string? TimeZone,
    ScheduleBody.JobBody? Job,
    string? Overlap,
    string? Missed,
    bool? Enabled,
    string? Owner)
{
    private const string Expected =
        "{name, description, cron, time_zone, job: {type, model, options, inputs: {job, version, dataset, blob}}, overlap, missed, enabled, owner}";

    /// <summary>Reads the body of a request.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static async Task<SchedulePatch> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Json.ReadAsync<ScheduleBody>(request, Expected, cancellationToken);
        return new SchedulePatch
        {
            Name = body.Name,
            Description = body.Description,
            Cron = body.Cron,
            TimeZone = body.TimeZone,
            Job = body.Job?.ToJob(),
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
        var names = Enum.GetValues<T>().ToDictionary(value => JsonSerializer.Serialize(value).Trim('"'));
        return names.TryGetValue(text, out var named)
            ? named
            : throw new InvalidRequestException($"{member} must be one of {string.Join(", ", names.Keys)}.");
    }

    /// <summary>What it runs.</summary>
    internal sealed record JobBody(string? Type, string? Model, JsonElement? Options, InputsBody? Inputs)
    {
        /// <summary>As the registry has it.</summary>
        public ScheduledJob ToJob() => new()
        {
            Type = Type ?? throw new InvalidRequestException("job needs a type."),
            Model = Model ?? throw new InvalidRequestException("job needs a model."),
            Options = Options,
            Inputs = new ScheduledInputs { Job = Inputs?.Job, Version = Inputs?.Version, Dataset = Inputs?.Dataset, Blob = Inputs?.Blob },
        };
    }

    /// <summary>What that is given.</summary>
    internal sealed record InputsBody(string? Job, string? Version, string? Dataset, string? Blob);
}
