using System.Diagnostics;

namespace Larder.Host.Invocation;

/// <summary>What a trigger said of itself.</summary>
internal sealed class HostBindingContext(IReadOnlyDictionary<string, object?> bindingData) : BindingContext
{
    public override IReadOnlyDictionary<string, object?> BindingData { get; } = bindingData;
}

/// <summary>Which try an invocation is.</summary>
internal sealed class HostRetryContext(int retryCount, int maxRetryCount) : RetryContext
{
    public override int RetryCount { get; } = retryCount;

    public override int MaxRetryCount { get; } = maxRetryCount;
}

/// <summary>The trace that an invocation is part of, in the form of W3C Trace Context; empty texts when there is none.</summary>
internal sealed class HostTraceContext(string? traceParent, string? traceState) : TraceContext
{
    /// <summary>Where activities of the host's own come from: one for each invocation that no request triggers.</summary>
    public static readonly ActivitySource Source = new("Larder.Host");

    public override string TraceParent { get; } = traceParent ?? "";

    public override string TraceState { get; } = traceState ?? "";

    /// <summary>The trace context of the activity under way; null when there is none.</summary>
    public static HostTraceContext? OfActivity() =>
        Activity.Current is { } activity ? new HostTraceContext(activity.Id, activity.TraceStateString) : null;
}

/// <summary>Ids of invocations: random UUIDs, version 4 of RFC 9562.</summary>
internal static class InvocationIds
{
    /// <summary>
    /// A new id. It is no secret, so its bits are the thread's own generator's: <see cref="Guid.NewGuid"/> asks the system each time, which costs
    /// a short request a few percent of its processor time.
    /// </summary>
    public static string New()
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        bytes[6] = (byte)(0x40 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
