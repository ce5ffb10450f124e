using Microsoft.DurableTask.Converters;

namespace Microsoft.DurableTask.Embedded;

/// <summary>One call of an activity function.</summary>
/// <param name="input">What the orchestrator gave it.</param>
internal sealed class ActivityCall(string? input)
{
    /// <summary>What the function's parameter gets.</summary>
    public T? GetInput<T>() => JsonDataConverter.Default.Deserialize<T>(input);
}
