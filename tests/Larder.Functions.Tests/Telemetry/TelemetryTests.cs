using System.Net;
using System.Text;
using Larder.Functions.Hosting;
using Larder.Functions.Hosting.Telemetry;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Larder.Functions.Tests.Telemetry;

public sealed class TelemetryTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string JobTrace = "1af7651916cd43dd8448eb211c80319d";
    private const string Caller = "b7ad6b7169203331";
    private const string Secret = "open-sesame-4711";

    [Fact]
    public async Task A_trace_goes_from_the_request_to_the_run_to_storage_and_to_a_jobs_steps_with_metrics_and_logs_and_no_secret()
    {
        var storage = await Azurite.AccountAsync();
        await using var receiver = await OtlpReceiver.StartAsync();
        // A host that has the model in storage only, so that it reads and loads it for the request.
        await using (var first = await LarderProcess.StartAsync(storage))
            Assert.Equal(HttpStatusCode.Created, (await first.Client.UploadAsync("traced", OnnxModel.Linear())).Status);
        await using var larder = await LarderProcess.StartAsync(
            storage, [.. receiver.Settings, ("OTEL_SERVICE_NAME", "pantry"), ("FunctionKeys:default", Secret), ("Logging:LogLevel:Function", "Debug")]);

        var answer = await larder.Client.SendJsonAsync(
            HttpMethod.Post, $"/api/v1/models/traced/prediction?code={Secret}", """{"values":[1,2,3,4]}""", ("traceparent", $"00-{Trace}-{Caller}-01"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        await UntilAsync(() => Spans().Any(span => span.ParentId == Caller) && Spans().Any(span => span.Name == "model run"));
        var spans = Spans();
        var request = Assert.Single(spans, span => span.ParentId == Caller);
        Assert.Equal("POST api/v1/models/{reference}/prediction", request.Name.Replace("/api", "api"));
        var resolve = Assert.Single(spans, span => span.Name == "model resolve");
        var load = Assert.Single(spans, span => span.Name == "model load");
        var run = Assert.Single(spans, span => span.Name == "model run");
        Assert.All([resolve, load, run], span => Assert.Equal(request.Id, span.ParentId));
        Assert.Equal(("Larder.Inference", "traced", "1", "1"), (run.Source, run.Tag("larder.model.name"), run.Tag("larder.model.version"), run.Tag("larder.run.rows")));
        foreach (var reads in new[] { resolve, load })
            Assert.Contains(spans, span => span.Source.StartsWith("Azure.Storage.Blobs", StringComparison.Ordinal) && IsBelow(span, reads, spans));
        Assert.DoesNotContain(spans, span => span.Source == "System.Net.Http");

        var accepted = await larder.Client.SendJsonAsync(
            HttpMethod.Post, $"/api/v1/admin/export?code={Secret}", null, ("traceparent", $"00-{JobTrace}-{Caller}-01"));
        Assert.Equal(HttpStatusCode.Accepted, accepted.Status);
        await UntilAsync(() => OfTrace(JobTrace).Any(span => span.Name == "job step"
            && OfTrace(JobTrace).FirstOrDefault(first => first.ParentId == Caller) is { } submitted && IsBelow(span, submitted, OfTrace(JobTrace))));
        Assert.Contains(OfTrace(JobTrace), span => span.Source == "DurableTask.Core");

        await UntilAsync(() => receiver.Metrics.Any(metric => metric.Name == "larder.prediction.requests"));
        await UntilAsync(() => receiver.Metrics.Any(metric => metric.Name == "http.server.request.duration"));
        await UntilAsync(() => receiver.Logs.Any(log => Convert.ToHexStringLower(log.TraceId.Span) == Trace));
        Assert.Contains(receiver.Resources, resource => resource.Attributes.Any(one => (one.Key, one.Value.Text) == ("service.name", "pantry")));
        // The durable engine polls its queues all the time: those calls belong to no trace that is of use.
        Assert.DoesNotContain(receiver.Spans, span => span.ParentId.Length == 0 && span.Source.StartsWith("Azure.", StringComparison.Ordinal));
        Assert.All(receiver.Bodies, body => Assert.True(body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) < 0, "The key is in what was sent."));

        IReadOnlyList<ReceivedSpan> Spans() => OfTrace(Trace);

        IReadOnlyList<ReceivedSpan> OfTrace(string id) => [.. receiver.Spans.Where(span => span.TraceId == id)];
    }

    [Fact]
    public async Task With_the_SDK_disabled_nothing_is_sent_and_metrics_are_still_scraped()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var larder = await LarderProcess.StartAsync(await Azurite.AccountAsync(), [.. receiver.Settings, ("OTEL_SDK_DISABLED", "true")]);

        await larder.Client.UploadAsync("untraced", OnnxModel.Linear());
        Assert.Equal(HttpStatusCode.OK, (await larder.Client.PredictAsync("untraced", """{"values":[1,2,3,4]}""")).Status);
        Assert.Contains("larder_prediction_requests_total{model=\"untraced\",version=\"1\"} 1", await larder.Client.GetStringAsync("/metrics"));
        // What is collected is sent at the latest when the process stops.
        await larder.StopAsync();

        Assert.Empty(receiver.Bodies);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(false, "OTEL_SERVICE_NAME", "larder", "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]
    [InlineData(false, "OTEL_SDK_DISABLED", "true", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]
    [InlineData(true, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]
    [InlineData(true, "APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=00000000-0000-0000-0000-000000000001")]
    public void Telemetry_is_collected_only_where_it_is_sent(bool collected, params string[] settings)
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection(settings.Chunk(2).ToDictionary(pair => pair[0], pair => (string?)pair[1]));

        builder.AddLarder();

        Assert.Equal(collected, builder.Services.Any(service => service.ServiceType == typeof(TracerProvider)));
        Assert.Equal(collected, builder.Services.Any(service => service.ServiceType == typeof(MeterProvider)));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("Authorization=Key", false)]
    [InlineData("Authorization=AAD", true)]
    [InlineData("ClientId=00000000-0000-0000-0000-000000000001; authorization=aad", true)]
    public void Azure_Monitor_is_called_with_an_identity_where_the_setting_says_so(string? setting, bool identity) =>
        Assert.Equal(identity, TelemetryServices.CredentialOf(setting) is Azure.Identity.ManagedIdentityCredential);

    private static Task UntilAsync(Func<bool> condition) => Eventually.TrueAsync(() => Task.FromResult(condition()));

    private static bool IsBelow(ReceivedSpan span, ReceivedSpan ancestor, IReadOnlyList<ReceivedSpan> all)
    {
        for (var at = span; at is not null; at = all.FirstOrDefault(other => other.Id == at.ParentId))
        {
            if (at.ParentId == ancestor.Id)
                return true;
        }

        return false;
    }
}
