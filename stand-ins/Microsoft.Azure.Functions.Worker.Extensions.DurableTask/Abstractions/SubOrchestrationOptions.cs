namespace Microsoft.DurableTask;

/// <summary>How an orchestrator calls another.</summary>
public record SubOrchestrationOptions : TaskOptions
{
    /// <summary>Options with a way to retry and an instance id.</summary>
    public SubOrchestrationOptions(TaskRetryOptions? retry = null, string? instanceId = null)
        : base(retry) => InstanceId = instanceId;

    /// <summary>Other options, with an instance id.</summary>
    public SubOrchestrationOptions(TaskOptions options, string? instanceId = null)
        : base(options)
    {
        var other = options as SubOrchestrationOptions;
        InstanceId = instanceId ?? other?.InstanceId;
        Version = other?.Version;
    }

    /// <summary>A copy.</summary>
    public SubOrchestrationOptions(SubOrchestrationOptions options)
        : base(options)
    {
        InstanceId = options.InstanceId;
        Version = options.Version;
    }

    /// <summary>The id of the new instance; one of its own if null.</summary>
    public string? InstanceId { get; init; }

    /// <summary>The version of the new instance; host.json's <c>defaultVersion</c> if null.</summary>
    public TaskVersion? Version { get; init; }
}
