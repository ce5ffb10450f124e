using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Larder.Functions.Tests.Http;

/// <summary>Requests byte for byte, which no client would send. Each has a connection of its own.</summary>
internal static class RawHttp
{
    /// <summary>An answer.</summary>
    internal sealed record Reply(int Status, string Head, byte[] Body)
    {
        /// <summary>The body as JSON; null when it is none.</summary>
        public JsonNode? Json
        {
            get
            {
                try
                {
                    return JsonNode.Parse(Body);
                }
                catch (System.Text.Json.JsonException)
                {
                    return null;
                }
            }
        }
    }

    /// <summary>Sends a request, and reads its answer to the end.</summary>
    /// <param name="server">The server's address.</param>
    /// <param name="method">The method.</param>
    /// <param name="target">Path and query, as they stand on the wire.</param>
    /// <param name="headers">Further headers, as they stand on the wire.</param>
    /// <param name="body">The body; null for none.</param>
    /// <param name="length">What Content-Length says; null for the truth.</param>
    public static async Task<Reply> SendAsync(
        Uri server, string method, byte[] target, IEnumerable<(string Name, byte[] Value)> headers, byte[]? body = null, string? length = null)
    {
        using var request = new MemoryStream();
        void Write(string text) => request.Write(Encoding.ASCII.GetBytes(text));
        Write($"{method} ");
        request.Write(target);
        Write($" HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\n");
        foreach (var (name, value) in headers)
        {
            Write($"{name}: ");
            request.Write(value);
            Write("\r\n");
        }
        if (body is not null || length is not null)
            Write(string.Create(CultureInfo.InvariantCulture, $"Content-Length: {length ?? $"{body!.Length}"}\r\n"));
        Write("\r\n");
        request.Write(body ?? []);

        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port);
        await using var connection = client.GetStream();
        try
        {
            await connection.WriteAsync(request.ToArray());
        }
        catch (IOException)
        {
            // It was refused before its end; the answer is there all the same.
        }
        return Parse(await ReadAsync(connection));
    }

    /// <summary>Reads what the server sends until it closes the connection.</summary>
    public static async Task<byte[]> ReadAsync(NetworkStream connection)
    {
        using var answer = new MemoryStream();
        try
        {
            await connection.CopyToAsync(answer);
        }
        catch (IOException) when (answer.Length > 0)
        {
            // A server that does not want the rest of a body resets the connection behind its answer.
        }
        return answer.ToArray();
    }

    /// <summary>Takes an answer apart.</summary>
    public static Reply Parse(byte[] answer)
    {
        var end = answer.AsSpan().IndexOf("\r\n\r\n"u8);
        if (end < 0)
            throw new InvalidOperationException($"No HTTP came, but {answer.Length} bytes.");
        var head = Encoding.Latin1.GetString(answer, 0, end);
        var body = answer[(end + 4)..];
        return new Reply(
            int.Parse(head.Split(' ')[1], CultureInfo.InvariantCulture),
            head,
            head.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase) ? Unchunked(body) : body);
    }

    private static byte[] Unchunked(byte[] body)
    {
        using var whole = new MemoryStream();
        for (var at = 0; at < body.Length;)
        {
            var line = body.AsSpan(at).IndexOf("\r\n"u8);
            if (line < 0)
                break;
            var size = int.Parse(Encoding.ASCII.GetString(body, at, line), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            at += line + 2;
            whole.Write(body, at, Math.Min(size, body.Length - at));
            at += size + 2;
        }
        return whole.ToArray();
    }
}
