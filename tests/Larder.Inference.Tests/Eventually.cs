namespace Larder.Inference.Tests;

/// <summary>Waits for what another thread is about to do and cannot announce.</summary>
internal static class Eventually
{
    public static async Task IsTrue(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(1);
    }
}
