using Google.Protobuf;
using Larder.Functions.Tests.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Larder.Functions.Tests.Telemetry;

/// <summary>A span as it was received, with the name of its source.</summary>
internal sealed record ReceivedSpan(string Source, Span Span)
{
    public string TraceId => Convert.ToHexStringLower(Span.TraceId.Span);

    public string Id => Convert.ToHexStringLower(Span.SpanId.Span);

    /// <summary>Empty for the first of a trace.</summary>
    public string ParentId => Convert.ToHexStringLower(Span.ParentSpanId.Span);

    public string Name => Span.Name;

    public string Tag(string key)
    {
        var value = Span.Attributes.Single(attribute => attribute.Key == key).Value;
        return value.ValueCase == Value.ValueOneofCase.Number ? value.Number.ToString() : value.Text;
    }
}

/// <summary>Takes telemetry by OTLP over HTTP with protobuf bodies, on a port of its own.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private readonly List<byte[]> _bodies = [];
    private readonly List<ReceivedSpan> _spans = [];
    private readonly List<Metric> _metrics = [];
    private readonly List<LogRecord> _logs = [];
    private readonly List<Resource> _resources = [];

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>What a process needs to send everything here, soon.</summary>
    public (string Name, string Value)[] Settings =>
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", _app.Urls.Single()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "100"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
    ];

    public IReadOnlyList<byte[]> Bodies => Copy(_bodies);

    public IReadOnlyList<ReceivedSpan> Spans => Copy(_spans);

    public IReadOnlyList<Metric> Metrics => Copy(_metrics);

    public IReadOnlyList<LogRecord> Logs => Copy(_logs);

    /// <summary>Attributes of the processes that sent something.</summary>
    public IReadOnlyList<Resource> Resources => Copy(_resources);

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.MapPost("/v1/traces", http => receiver.TakeAsync(http, TraceRequest.Parser, request =>
        {
            foreach (var resource in request.ResourceSpans)
            {
                receiver._resources.Add(resource.Resource);
                foreach (var scope in resource.ScopeSpans)
                    receiver._spans.AddRange(scope.Spans.Select(span => new ReceivedSpan(scope.Scope.Name, span)));
            }
        }));
        app.MapPost("/v1/metrics", http => receiver.TakeAsync(http, MetricsRequest.Parser, request =>
            receiver._metrics.AddRange(request.ResourceMetrics.SelectMany(resource => resource.ScopeMetrics).SelectMany(scope => scope.Metrics))));
        app.MapPost("/v1/logs", http => receiver.TakeAsync(http, LogsRequest.Parser, request =>
            receiver._logs.AddRange(request.ResourceLogs.SelectMany(resource => resource.ScopeLogs).SelectMany(scope => scope.LogRecords))));
        await app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync<T>(HttpContext http, MessageParser<T> parser, Action<T> add)
        where T : IMessage<T>
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var message = parser.ParseFrom(body.ToArray());
        lock (_gate)
        {
            _bodies.Add(body.ToArray());
            add(message);
        }

        // An empty message is the answer that says that all was taken.
        http.Response.ContentType = "application/x-protobuf";
    }

    private IReadOnlyList<TItem> Copy<TItem>(List<TItem> list)
    {
        lock (_gate)
            return [.. list];
    }
}
