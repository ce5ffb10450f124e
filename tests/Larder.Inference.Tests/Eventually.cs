namespace Larder.Inference.Tests;

/// <summary>Waits for a condition that another thread brings about without an event to await.</summary>
internal static class Eventually
{
    /// <summary>Polls every millisecond until the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not hold within two minutes.</exception>
    public static async Task IsTrue(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!condition())
        {
            if (limit.IsCancellationRequested)
                throw new TimeoutException("The condition did not hold within two minutes.");
            await Task.Delay(1, CancellationToken.None);
        }
    }
}
