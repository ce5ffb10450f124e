using System.Net;
using System.Net.Sockets;

namespace Larder.Compute.Tests.Testing;

/// <summary>A TCP proxy before a local port, whose connections can be cut.</summary>
internal sealed class Proxy : IAsyncDisposable
{
    private readonly int _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;
    private volatile bool _interrupted;
    private volatile bool _answersOnly;
    private int _dropped;

    public Proxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections that were cut since the last interruption began.</summary>
    public int Dropped => Volatile.Read(ref _dropped);

    /// <summary>From now on connections are cut: at once, or when an answer comes that is then lost.</summary>
    public void Interrupt(bool answersOnly)
    {
        Volatile.Write(ref _dropped, 0);
        _answersOnly = answersOnly;
        _interrupted = true;
    }

    public void Resume() => _interrupted = false;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        await _accepting;
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_ending.Token)));
        }
        catch (OperationCanceledException)
        {
        }

        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                if (_interrupted && !_answersOnly)
                {
                    Drop(client);
                    return;
                }

                await server.ConnectAsync(IPAddress.Loopback, _target, _ending.Token);
                await Task.WhenAny(CopyAsync(client, server, answers: false), CopyAsync(server, client, answers: true));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
            }
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool answers)
    {
        var buffer = new byte[65536];
        while (await from.GetStream().ReadAsync(buffer, _ending.Token) is > 0 and var count)
        {
            if (_interrupted && (answers || !_answersOnly))
            {
                Drop(answers ? to : from);
                return;
            }

            await to.GetStream().WriteAsync(buffer.AsMemory(0, count), _ending.Token);
        }
    }

    private void Drop(TcpClient client)
    {
        // Resets the connection.
        client.LingerState = new LingerOption(true, 0);
        Interlocked.Increment(ref _dropped);
    }
}
