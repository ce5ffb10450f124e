using System.Net;
using System.Net.Sockets;
using Larder.Host.Functions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Larder.Host.Hosting;

/// <summary>
/// The web server's sockets, whichever part of the application asked for them: here it is certain that nothing but loopback is bound while callers
/// are not asked for credentials, and here a port that is taken gets its sentence.
/// </summary>
internal sealed class HostTransport(IOptions<SocketTransportOptions> options, ILoggerFactory loggers, IConfiguration configuration, SelfHostOptions host)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, loggers);

    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (!IsLocal(endpoint) && !host.AsksForCredentials(configuration))
            throw new SelfHostException(
                $"The host does not listen on {endpoint}: no token, key or sign-in is configured, so every function would be open to all who can reach that address. " +
                "Set 'Access:AdminTokenSha256' or 'MasterKey' (docs/access.md), or listen on a loopback address such as http://localhost:7071.");
        try
        {
            return await _sockets.BindAsync(endpoint, cancellationToken);
        }
        catch (AddressInUseException exception) when (endpoint is IPEndPoint { Port: var port })
        {
            throw new AddressInUseException(
                $"Port {port} is unavailable. Close the process using that port, or specify another port using --port.", exception);
        }
        catch (SocketException exception) when (endpoint is not IPEndPoint { AddressFamily: AddressFamily.InterNetworkV6 })
        {
            throw new SelfHostException($"The host cannot listen on {endpoint}: {exception.Message}.", exception);
        }
    }

    private static bool IsLocal(EndPoint endpoint) => endpoint is UnixDomainSocketEndPoint || (endpoint is IPEndPoint ip && IPAddress.IsLoopback(ip.Address));
}
