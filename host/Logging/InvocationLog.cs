using Microsoft.Extensions.Logging;

namespace Larder.Host.Logging;

/// <summary>What the log says of an invocation, in the Functions host's words.</summary>
internal static partial class InvocationLog
{
    [LoggerMessage(EventId = 1, Message = "Executing 'Functions.{Function}' (Reason='{Reason}', Id={Id})")]
    public static partial void Executing(ILogger logger, LogLevel level, string function, string reason, string id);

    [LoggerMessage(EventId = 2, Message = "Executed 'Functions.{Function}' (Succeeded, Id={Id}, Duration={Duration}ms)")]
    public static partial void Succeeded(ILogger logger, LogLevel level, string function, string id, long duration);

    [LoggerMessage(EventId = 3, Message = "Executed 'Functions.{Function}' (Failed, Id={Id}, Duration={Duration}ms)")]
    public static partial void Failed(ILogger logger, LogLevel level, Exception exception, string function, string id, long duration);
}
