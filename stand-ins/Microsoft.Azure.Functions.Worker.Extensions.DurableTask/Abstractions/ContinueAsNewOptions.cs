namespace Microsoft.DurableTask;

/// <summary>How an orchestration begins anew.</summary>
public class ContinueAsNewOptions
{
    /// <summary>Its new input.</summary>
    public object? NewInput { get; set; }

    /// <summary>Its new version; the same as before if null.</summary>
    public string? NewVersion { get; set; }

    /// <summary>Whether events that nobody has waited for yet are kept. They are, unless this is set to false.</summary>
    public bool PreserveUnprocessedEvents { get; set; } = true;
}
