using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Embedded;

/// <summary>What the engine logs.</summary>
internal sealed partial class HubLog(ILogger logger)
{
    [LoggerMessage(1, LogLevel.Information, "This host runs the task hub '{Hub}': {Count} orchestrations have not ended.")]
    public partial void Recovered(string hub, int count);

    [LoggerMessage(2, LogLevel.Information, "Another host runs the task hub '{Hub}'; this one takes over when it ends.")]
    public partial void StandingBy(string hub);

    [LoggerMessage(3, LogLevel.Warning, "This host has lost the task hub '{Hub}' to another, and stops its orchestrations at once.")]
    public partial void Lost(string hub);

    [LoggerMessage(4, LogLevel.Warning, "The task hub '{Hub}' could not be started, and is tried again soon.")]
    public partial void NotStarted(Exception error, string hub);

    [LoggerMessage(5, LogLevel.Warning, "Storage is out of reach. It is tried again in {Wait}.")]
    public partial void StorageUnreachable(Exception error, TimeSpan wait);

    [LoggerMessage(6, LogLevel.Warning, "Orchestration '{Instance}' was written by another host, and is read again.")]
    public partial void Reloading(string instance);

    [LoggerMessage(7, LogLevel.Error, "Orchestration '{Instance}' cannot go on. It is tried again in {Wait}.")]
    public partial void Broken(Exception error, string instance, TimeSpan wait);

    [LoggerMessage(8, LogLevel.Error, "The task hub has met an error that it did not expect.")]
    public partial void Unexpected(Exception error);

    [LoggerMessage(9, LogLevel.Information, "The host that ran the task hub '{Hub}' (process {Process}) is dead; this one takes over at once.")]
    public partial void HolderDead(string hub, int process);
}
