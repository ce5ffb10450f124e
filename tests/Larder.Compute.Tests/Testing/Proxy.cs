using System.Net;
using System.Net.Sockets;

namespace Larder.Compute.Tests;

/// <summary>A TCP proxy before a local port, whose connections can be cut.</summary>
internal sealed class Proxy : IAsyncDisposable
{
    private readonly int target;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Task accepting;
    private volatile bool interrupted;
    private volatile bool answersOnly;
    private int dropped;

    public Proxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Connections that were cut since the last interruption began.</summary>
    public int Dropped => Volatile.Read(ref dropped);

    /// <summary>From now on connections are cut: at once, or when an answer comes that is then lost.</summary>
    public void Interrupt(bool answersOnly)
    {
        Volatile.Write(ref dropped, 0);
        this.answersOnly = answersOnly;
        interrupted = true;
    }

    public void Resume() => interrupted = false;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        await accepting;
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(ending.Token)));
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
                if (interrupted && !answersOnly)
                {
                    Drop(client);
                    return;
                }

                await server.ConnectAsync(IPAddress.Loopback, target, ending.Token);
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
        while (await from.GetStream().ReadAsync(buffer, ending.Token) is > 0 and var count)
        {
            if (interrupted && (answers || !answersOnly))
            {
                Drop(answers ? to : from);
                return;
            }

            await to.GetStream().WriteAsync(buffer.AsMemory(0, count), ending.Token);
        }
    }

    private void Drop(TcpClient client)
    {
        // Resets the connection.
        client.LingerState = new LingerOption(true, 0);
        Interlocked.Increment(ref dropped);
    }
}
