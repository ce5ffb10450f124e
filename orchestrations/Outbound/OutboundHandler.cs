using System.Net;
using System.Net.Sockets;
using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Outbound;

/// <summary>
/// Connections to hosts that callers name: only to addresses that are allowed, which are looked at when the connection is made, so that a name cannot lead elsewhere than where
/// it was checked. No redirects, credentials, cookies or proxies; and no header tells the host of the server's traces.
/// </summary>
internal static class OutboundHandler
{
    private const int MostLookups = 3;

    /// <summary>A handler.</summary>
    /// <param name="isAllowed">Which addresses may be connected to: mostly <see cref="PublicAddress.Is"/>.</param>
    public static SocketsHttpHandler Create(Func<IPAddress, bool> isAllowed) => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(30),
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, isAllowed, cancellationToken),
    };

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint end, Func<IPAddress, bool> isAllowed, CancellationToken cancellationToken)
    {
        var addresses = await ResolveAsync(end.Host, cancellationToken);
        var allowed = addresses.Where(isAllowed).ToArray();
        // One that is not is enough to mistrust the name.
        if (allowed.Length < addresses.Length || allowed.Length == 0)
            throw new InvalidRequestException($"The host {Quoted.Text(end.Host)} is not at a public address.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, end.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            socket.Dispose();
            throw new ConnectionRefusedException($"The host {Quoted.Text(end.Host)} takes no connections on port {end.Port}.");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // A name that does not resolve will not resolve in a minute either. A name server that does not answer gets another chance at once, not the minutes of a job's retries.
    private static async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        // The system's resolver throws at some addresses, as 0.0.0.0.
        if (IPAddress.TryParse(host, out var address))
            return [address];
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await Dns.GetHostAddressesAsync(host, cancellationToken);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.TryAgain && tries < MostLookups)
            {
            }
            catch (SocketException)
            {
                throw new ConnectionRefusedException($"The host {Quoted.Text(host)} cannot be found.");
            }
        }
    }
}

/// <summary>There is no such host, or nothing listens there: now, but maybe later.</summary>
/// <param name="message">A sentence for the caller.</param>
internal sealed class ConnectionRefusedException(string message) : Exception(message);
