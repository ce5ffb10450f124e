using System.Net.Sockets;

namespace Larder.Host.Emulator;

/// <summary>Finds out what a local port is used for.</summary>
internal static class PortProbe
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Whether something listens on a port of 127.0.0.1.</summary>
    public static async Task<bool> IsTakenAsync(int port, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync("127.0.0.1", port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>What the blob service that listens there calls itself; null when none does. One refuses a request without credentials, in its own manner.</summary>
    public static async Task<string?> BlobServiceAsync(int port, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout };
        try
        {
            using var answer = await http.GetAsync($"http://127.0.0.1:{port}/{StorageEmulatorSettings.Account}?comp=list", cancellationToken);
            var server = answer.Headers.TryGetValues("Server", out var servers) ? string.Join(' ', servers) : "a storage emulator without a name";
            if (server.StartsWith("Azurite-Blob", StringComparison.Ordinal))
                return server;
            var body = await answer.Content.ReadAsStringAsync(cancellationToken);
            return body.Contains("<Error>", StringComparison.Ordinal) && body.Contains("<Code>", StringComparison.Ordinal) ? server : null;
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }
}
