namespace Larder.Functions.Hosting;

/// <summary>
/// Work of the start that no request waits for begins a little later, so that it does not take the processors from the request that started the server: a server that scales from zero has one waiting.
/// </summary>
internal static class BackgroundStart
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    /// <summary>Waits until it may begin, a second after the start.</summary>
    public static Task WaitAsync(TimeProvider time, CancellationToken cancellationToken) => Task.Delay(Delay, time, cancellationToken);
}
