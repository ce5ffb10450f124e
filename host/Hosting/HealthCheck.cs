using System.Net;
using Larder.Host.Configuration;
using Larder.Host.Functions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Hosting;

/// <summary>
/// The option <c>--health</c>: asks a running host, as a client on the same machine, whether it is ready. An image needs no other program for its health check then.
/// </summary>
internal static class HealthCheck
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    // Enough for the sentences of an answer.
    private const int MostShown = 1000;

    /// <summary>Asks, if the command line says so.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="path">The path of the application's readiness probe.</param>
    /// <param name="root">Where host.json and local.settings.json are.</param>
    /// <returns>The exit code; null when nothing was to be asked.</returns>
    /// <exception cref="SelfHostException">The address is not known.</exception>
    public static async Task<int?> RunAsync(string[] args, string path, string root)
    {
        var commandLine = HostCommandLine.Parse(args);
        if (!commandLine.Health)
            return null;
        var configuration = new ConfigurationBuilder();
        HostConfiguration.AddSources(configuration, root, commandLine);
        var address = AddressOf(ListenAddresses.Choose(commandLine, configuration.Build()));

        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var client = new HttpClient(handler) { Timeout = Timeout };
        try
        {
            using var answer = await client.GetAsync(new Uri(address, path));
            var text = await answer.Content.ReadAsStringAsync();
            if (answer.IsSuccessStatusCode)
                return 0;
            await Console.Error.WriteLineAsync($"{address} is not ready ({(int)answer.StatusCode}): {text[..Math.Min(text.Length, MostShown)]}");
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"{address} does not answer: {exception.Message}");
        }
        return 1;
    }

    private static Uri AddressOf(string[] urls)
    {
        var addresses = urls.Select(BindingAddress.Parse).Where(address => !address.IsUnixPipe && address.Port != 0).ToList();
        // A certificate is for the names that clients use, not for this machine's addresses.
        var chosen = addresses.Find(address => address.Scheme == Uri.UriSchemeHttp) ?? addresses.FirstOrDefault()
            ?? throw new SelfHostException("--health needs the address of the running host, with its port: the same --port or --urls, or the setting ASPNETCORE_URLS.") { ExitCode = 2 };
        // What is no address of one interface, as 0.0.0.0 or *, is reached by loopback, too.
        var host = IPAddress.TryParse(chosen.Host, out var ip) ? ip.Equals(IPAddress.Any) ? IPAddress.Loopback : ip.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : ip : IPAddress.Loopback;
        return new UriBuilder(chosen.Scheme, $"{host}", chosen.Port).Uri;
    }
}
