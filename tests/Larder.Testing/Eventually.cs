namespace Larder.Testing;

/// <summary>Waits for what another process brings about.</summary>
public static class Eventually
{
    /// <summary>Asks again every 50 ms until the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not hold for five minutes: something hangs.</exception>
    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (!await condition())
        {
            if (timeout.IsCancellationRequested)
                throw new TimeoutException("The condition did not come true within five minutes.");
            await Task.Delay(50, CancellationToken.None);
        }
    }
}
