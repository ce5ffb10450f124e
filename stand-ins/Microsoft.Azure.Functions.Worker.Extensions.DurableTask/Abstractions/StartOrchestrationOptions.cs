using System.Collections.Immutable;

namespace Microsoft.DurableTask;

/// <summary>How a client starts an orchestration.</summary>
public record StartOrchestrationOptions
{
    /// <summary>Options with an instance id and a time.</summary>
    /// <param name="InstanceId">The id of the new instance; a new GUID if null.</param>
    /// <param name="StartAt">When it starts; at once if null or past.</param>
    public StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null)
    {
        this.InstanceId = InstanceId;
        this.StartAt = StartAt;
    }

    /// <summary>A copy.</summary>
    public StartOrchestrationOptions(StartOrchestrationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        InstanceId = options.InstanceId;
        StartAt = options.StartAt;
        Tags = options.Tags;
        Version = options.Version;
    }

    /// <summary>The id of the new instance; a new GUID if null.</summary>
    public string? InstanceId { get; init; }

    /// <summary>When it starts; at once if null or past.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>Names and values that stay with the instance.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The version that the orchestrator sees; host.json's <c>defaultVersion</c> if null.</summary>
    public TaskVersion? Version { get; init; }
}
