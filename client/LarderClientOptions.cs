namespace Larder.Client;

/// <summary>How a <see cref="LarderClient"/> sends its requests.</summary>
public sealed class LarderClientOptions
{
    /// <summary>The caller's token; null for a server that asks for none.</summary>
    public string? Token { get; init; }

    /// <summary>
    /// How often a request that failed for a while (no connection, 408, 429, 502, 503, 504) is sent again; 0 for never. Only requests that may be repeated are: those that change nothing,
    /// and those with an idempotency key.
    /// </summary>
    public int Retries { get; init; } = 3;

    /// <summary>The wait before the first repetition, doubled for each further one, unless the server says <c>Retry-After</c>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest <c>Retry-After</c> that is waited for. A server that asks for more is answered with an exception at once.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one answer may take, repetitions included. It does not limit files and streams, which take as long as they take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>How long a stream of a log may be silent before it is opened again. The server sends a sign of life every 15 seconds.</summary>
    public TimeSpan StreamSilence { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Measures waits.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
