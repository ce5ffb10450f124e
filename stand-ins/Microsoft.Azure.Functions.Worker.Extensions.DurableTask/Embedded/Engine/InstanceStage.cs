namespace Microsoft.DurableTask.Embedded;

/// <summary>What somebody waits for who waits for an instance.</summary>
internal enum InstanceStage
{
    /// <summary>Whatever is stored next.</summary>
    Changed,

    /// <summary>That it has begun.</summary>
    Started,

    /// <summary>That it has ended.</summary>
    Ended,
}
