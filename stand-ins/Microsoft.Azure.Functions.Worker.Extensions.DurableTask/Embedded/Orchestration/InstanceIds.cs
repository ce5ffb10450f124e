namespace Microsoft.DurableTask.Embedded;

/// <summary>The official rules for instance ids.</summary>
internal static class InstanceIds
{
    private const int Longest = 100;

    /// <summary>The id, if it is one.</summary>
    /// <exception cref="ArgumentException">It is none: a sentence.</exception>
    public static string Check(string instanceId)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        if (instanceId.Length > Longest || instanceId[0] == '@' || instanceId.Any(c => c is '/' or '\\' or '#' or '?' || char.IsControl(c)))
        {
            throw new ArgumentException(
                $"'{instanceId}' is not an instance id: one has 1 to {Longest} characters, does not begin with '@', and has no '/', '\\', '#', '?' and no control characters.",
                nameof(instanceId));
        }

        return instanceId;
    }
}
