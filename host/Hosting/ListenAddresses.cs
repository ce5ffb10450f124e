using Larder.Host.Configuration;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Hosting;

/// <summary>Where the host listens.</summary>
internal static class ListenAddresses
{
    private const int DefaultPort = 7071;

    /// <summary><c>--port</c>, else <c>--urls</c>, else <c>ASPNETCORE_URLS</c>, else the port of local.settings.json, else 7071 on this machine's loopback addresses.</summary>
    public static string[] Choose(HostCommandLine commandLine, IConfiguration configuration)
    {
        if (commandLine.Port is { } port)
            return [Loopback(port)];
        if (configuration["urls"] is { Length: > 0 } urls)
            return urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (configuration[LocalSettingsFile.PortKey] is { Length: > 0 } local)
            return [Loopback(HostCommandLine.ParsePort(local, $"{LocalSettingsFile.Name}: 'Host.LocalHttpPort'"))];
        return [Loopback(DefaultPort)];
    }

    // Two sockets cannot agree on a port that the system is to choose: then it is IPv4 alone.
    private static string Loopback(int port) => port == 0 ? "http://127.0.0.1:0" : $"http://localhost:{port}";
}
