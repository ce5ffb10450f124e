using System.Net;
using Larder.Host.Configuration;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
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

    /// <summary>Listens on addresses, and on a port of each of their hosts for gRPC, which needs HTTP/2: without TLS a port has one version of HTTP.</summary>
    /// <param name="kestrel">The web server, which lists the addresses for gRPC last.</param>
    /// <param name="urls">The addresses.</param>
    /// <param name="grpcPort">The port for gRPC; null for none.</param>
    public static void Listen(KestrelServerOptions kestrel, string[] urls, int? grpcPort)
    {
        var addresses = urls.Select(BindingAddress.Parse).ToList();
        foreach (var address in addresses)
            Listen(kestrel, address, address.Port, isGrpc: false);
        if (grpcPort is not { } port)
            return;
        foreach (var address in addresses.Where(address => !address.IsUnixPipe).DistinctBy(address => address.Host))
            Listen(kestrel, address, port, isGrpc: true);
    }

    private static void Listen(KestrelServerOptions kestrel, BindingAddress address, int port, bool isGrpc)
    {
        if (address.IsUnixPipe)
            kestrel.ListenUnixSocket(address.UnixPipePath, Configure);
        else if (string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase) && port != 0)
            kestrel.ListenLocalhost(port, Configure);
        else if (string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase))
            kestrel.Listen(IPAddress.Loopback, port, Configure);
        else if (IPAddress.TryParse(address.Host, out var ip))
            kestrel.Listen(ip, port, Configure);
        else
            kestrel.ListenAnyIP(port, Configure);

        void Configure(ListenOptions listen)
        {
            // Said of the others too, the default would be warned of: without TLS it is HTTP/1.1 alone.
            if (isGrpc)
                listen.Protocols = HttpProtocols.Http2;
            if (string.Equals(address.Scheme, Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase))
                listen.UseHttps();
        }
    }

    // Two sockets cannot agree on a port that the system is to choose: then it is IPv4 alone.
    private static string Loopback(int port) => port == 0 ? "http://127.0.0.1:0" : $"http://localhost:{port}";
}
