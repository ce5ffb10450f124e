using Larder.Registry.Tests.Testing;

namespace Larder.Registry.Tests.Publishing;

/// <summary>A host that publishes versions of one model until it is killed, and says which it was told of.</summary>
internal static class Program
{
    /// <param name="arguments">Connection string, model, folder for staging.</param>
    public static async Task Main(string[] arguments)
    {
        using var shop = new Shop(arguments[0], folder: arguments[2]);
        for (var i = 0; ; i++)
        {
            // Large enough that sending it takes a while.
            var content = $"{Environment.ProcessId} {i} {new string('x', 100_000)}";
            var version = await shop.PublishAsync(arguments[1], content);
            await Console.Out.WriteLineAsync($"{version.Version} {version.Sha256}");
        }
    }
}
