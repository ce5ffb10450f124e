using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Functions.Http;
using Larder.Registry.Jobs;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Jobs;

/// <summary>A job as the API shows it: as it is stored, but for how it is run.</summary>
internal static class JobView
{
    private static readonly string[] Hidden = ["instance_id"];
    private static readonly string[] Long = ["steps", "outputs"];

    /// <summary>All of a job.</summary>
    public static JsonObject Of(Job job) => Without(job, Hidden);

    /// <summary>A job in a list: without what can be thousands of lines.</summary>
    public static JsonObject Short(Job job) => Without(job, [.. Hidden, .. Long]);

    /// <summary>202: the job is on its way, and <c>Location</c> says where to look.</summary>
    public static Envelope Accepted(Job job, string description) => new Envelope(StatusCodes.Status202Accepted, description)
        .WithHeader(HeaderNames.Location, $"/api/v1/jobs/{job.Id}")
        .With("job", Of(job));

    private static JsonObject Without(Job job, IEnumerable<string> members)
    {
        var view = JsonSerializer.SerializeToNode(job, Json.Options)!.AsObject();
        foreach (var member in members)
            view.Remove(member);
        return view;
    }
}
