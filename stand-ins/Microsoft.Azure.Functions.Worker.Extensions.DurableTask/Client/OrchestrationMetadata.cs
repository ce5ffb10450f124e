using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;

namespace Microsoft.DurableTask.Client;

/// <summary>An orchestration instance as it was when it was asked for.</summary>
/// <param name="name">Its orchestrator.</param>
/// <param name="instanceId">Its id.</param>
public sealed class OrchestrationMetadata(string name, string instanceId)
{
    /// <summary>Its orchestrator.</summary>
    public string Name { get; } = name;

    /// <summary>Its id.</summary>
    public string InstanceId { get; } = instanceId;

    /// <summary>What reads its data; null when they were not asked for.</summary>
    public DataConverter? DataConverter { get; init; }

    /// <summary>How far it is.</summary>
    public OrchestrationRuntimeStatus RuntimeStatus { get; init; }

    /// <summary>When it was scheduled.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When something last changed.</summary>
    public DateTimeOffset LastUpdatedAt { get; init; }

    /// <summary>Its input, if asked for.</summary>
    public string? SerializedInput { get; init; }

    /// <summary>Its output, if asked for.</summary>
    public string? SerializedOutput { get; init; }

    /// <summary>What its orchestrator last gave to SetCustomStatus, if asked for.</summary>
    public string? SerializedCustomStatus { get; init; }

    /// <summary>The names and values that it was scheduled with.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>How it failed, if it did and outputs were asked for.</summary>
    public TaskFailureDetails? FailureDetails { get; init; }

    /// <summary>Whether it is running.</summary>
    public bool IsRunning => RuntimeStatus == OrchestrationRuntimeStatus.Running;

    /// <summary>Whether it has ended.</summary>
    public bool IsCompleted => RuntimeStatus is OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;

    /// <summary>Its input.</summary>
    /// <exception cref="InvalidOperationException">Inputs and outputs were not asked for.</exception>
    public T? ReadInputAs<T>() => Read<T>(SerializedInput);

    /// <summary>Its output.</summary>
    /// <exception cref="InvalidOperationException">Inputs and outputs were not asked for.</exception>
    public T? ReadOutputAs<T>() => Read<T>(SerializedOutput);

    /// <summary>Its custom status.</summary>
    /// <exception cref="InvalidOperationException">Inputs and outputs were not asked for.</exception>
    public T? ReadCustomStatusAs<T>() => Read<T>(SerializedCustomStatus);

    /// <summary>A line about it.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"[Name: '{Name}', ID: '{InstanceId}', RuntimeStatus: {RuntimeStatus}, CreatedAt: {CreatedAt:s}, LastUpdatedAt: {LastUpdatedAt:s}");
        if (SerializedInput is not null)
            text.Append($", Input: '{Shorten(SerializedInput)}'");
        if (SerializedOutput is not null)
            text.Append($", Output: '{Shorten(SerializedOutput)}'");
        if (FailureDetails is not null)
            text.Append($", FailureDetails: '{FailureDetails.ErrorType} - {Shorten(FailureDetails.ErrorMessage)}'");
        return text.Append(']').ToString();
    }

    private static string Shorten(string text) => text.Length <= 50 ? text : text[..50] + "...";

    private T? Read<T>(string? data, [CallerMemberName] string method = "") => DataConverter is null
        ? throw new InvalidOperationException($"{method} needs metadata that were fetched with getInputsAndOutputs (or FetchInputsAndOutputs).")
        : DataConverter.Deserialize<T>(data);
}
