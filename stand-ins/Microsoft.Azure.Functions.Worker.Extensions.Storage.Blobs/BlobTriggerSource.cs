namespace Microsoft.Azure.Functions.Worker;

/// <summary>How the real host learns of a blob. The embedded host polls for both.</summary>
public enum BlobTriggerSource
{
    /// <summary>From the storage account's logs, and by listing.</summary>
    LogsAndContainerScan,

    /// <summary>From events that Event Grid posts.</summary>
    EventGrid,
}
