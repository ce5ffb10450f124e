using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using Larder.Host.Hosting;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Larder.Host.Http;

/// <summary>
/// Gives the application's body to the answers of Kestrel to what it cannot read as HTTP: a malformed request line or Content-Length, headers that are too large or too slow. Kestrel
/// answers these without a body, closes the connection, and calls no middleware. But it says so in a diagnostic event before it answers: then the connection's output writes another
/// answer with the same status in its place. Connections over TLS keep Kestrel's answer, since the output stands behind the encryption.
/// </summary>
internal sealed class UnreadableRequests : IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    private readonly HttpOptions _options;
    private readonly Func<HttpContext, Task>? _writeRefusal;
    private readonly IServiceProvider _services;
    private readonly IDisposable _subscription;

    public UnreadableRequests(DiagnosticListener diagnostics, HttpOptions options, SelfHostOptions host, IServiceProvider services)
    {
        (_options, _writeRefusal, _services) = (options, host.WriteRefusal, services);
        _subscription = diagnostics.Subscribe(this, (name, _, _) => name == BadRequest);
    }

    /// <summary>Adds itself to the connections of an endpoint.</summary>
    public void Watch(ListenOptions endpoint)
    {
        if (_writeRefusal is null)
            return;
        endpoint.Use(next => connection =>
        {
            var output = new ReplaceableOutput(connection.Transport.Output);
            connection.Features.Set(output);
            connection.Transport = new Transport(connection.Transport.Input, output);
            return next(connection);
        });
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Value is IFeatureCollection request
            && request.Get<ReplaceableOutput>() is { } output
            && request.Get<ITlsHandshakeFeature>() is null
            // The connection has other streams, and frames.
            && request.Get<IHttp2StreamIdFeature>() is null
            && request.Get<IHttpResponseFeature>() is { HasStarted: false }
            && request.Get<IBadRequestExceptionFeature>()?.Error is Microsoft.AspNetCore.Http.BadHttpRequestException failure)
            output.Replace(Answer(failure.StatusCode, request.Get<IHttpRequestFeature>()));
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose() => _subscription.Dispose();

    private byte[] Answer(int status, IHttpRequestFeature? request)
    {
        using var body = new MemoryStream();
        var http = new DefaultHttpContext { RequestServices = _services };
        http.Request.Path = request?.Path is { Length: > 0 } path ? new PathString(path) : PathString.Empty;
        http.Response.StatusCode = status;
        http.Response.Body = body;
        foreach (var (name, value) in _options.CustomHeaders)
            http.Response.Headers[name] = value;
        // In memory, so that it does not wait.
        _writeRefusal!(http).GetAwaiter().GetResult();
        http.Response.Headers.ContentLength = body.Length;
        http.Response.Headers.Connection = "close";
        http.Response.Headers.Date = HeaderUtilities.FormatDate(DateTimeOffset.UtcNow);
        var head = new StringBuilder($"HTTP/1.1 {status} {ReasonPhrases.GetReasonPhrase(status)}\r\n");
        foreach (var (name, values) in http.Response.Headers)
        {
            foreach (var value in values)
                head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        byte[] bytes = [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. body.ToArray()];
        return request?.Method == HttpMethods.Head ? bytes[..^(int)body.Length] : bytes;
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>A connection's output. Once it has another answer, what is written to it is dropped, and that answer is sent.</summary>
    private sealed class ReplaceableOutput(PipeWriter output) : PipeWriter
    {
        private ArrayBufferWriter<byte>? _dropped;
        private ReadOnlyMemory<byte> _answer;

        public override bool CanGetUnflushedBytes => output.CanGetUnflushedBytes;

        public override long UnflushedBytes => output.UnflushedBytes;

        public void Replace(ReadOnlyMemory<byte> answer) => (_dropped, _answer) = (new ArrayBufferWriter<byte>(), answer);

        public override Memory<byte> GetMemory(int sizeHint = 0) => _dropped?.GetMemory(sizeHint) ?? output.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _dropped is null ? output.GetSpan(sizeHint) : _dropped.GetSpan(sizeHint);

        public override void Advance(int bytes)
        {
            if (_dropped is null)
                output.Advance(bytes);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            if (_answer.IsEmpty)
                return output.FlushAsync(cancellationToken);
            var answer = _answer;
            _answer = default;
            return output.WriteAsync(answer, cancellationToken);
        }

        public override void CancelPendingFlush() => output.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => output.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => output.CompleteAsync(exception);
    }
}
