using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Makes a function an activity: the parameter gets the input that an orchestrator gave to CallActivityAsync.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class ActivityTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>The name by which orchestrators call it; the function's name if not given.</summary>
    public string? Activity { get; set; }
}
