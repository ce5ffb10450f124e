using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Registry;

namespace Larder.Functions;

/// <summary>A job as the API shows it: as it is stored, but for how it is run.</summary>
internal static class JobView
{
    private static readonly string[] Hidden = ["instance_id"];
    private static readonly string[] Long = ["steps", "outputs"];

    /// <summary>All of a job.</summary>
    public static JsonObject Of(Job job) => Without(job, Hidden);

    /// <summary>A job in a list: without what can be thousands of lines.</summary>
    public static JsonObject Short(Job job) => Without(job, [.. Hidden, .. Long]);

    private static JsonObject Without(Job job, IEnumerable<string> members)
    {
        var view = JsonSerializer.SerializeToNode(job, Json.Options)!.AsObject();
        foreach (var member in members)
            view.Remove(member);
        return view;
    }
}
