using System.Net;
using Larder.Testing;

namespace Larder.Worker.Tests;

/// <summary>Callers that go away, and callers that come together.</summary>
[Collection(nameof(SharedWorker))]
public sealed class CallerTests(WorkerFixture worker)
{
    [Fact]
    public async Task An_upload_that_is_broken_off_ends_its_invocation_and_leaves_no_model()
    {
        using var leaving = new CancellationTokenSource();
        using var body = new EndlessContent(Api.Sample("iris/iris.onnx"));
        var sending = worker.Client.PutAsync("/api/v1/models/aborted", body, leaving.Token);
        await Eventually.TrueAsync(() => Task.FromResult(worker.Host.Front.Running("PutModel").Any()));

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await Eventually.TrueAsync(() => Task.FromResult(!worker.Host.Front.Running("PutModel").Any()));
        Assert.Equal(HttpStatusCode.NotFound, (await worker.Client.SendJsonAsync(HttpMethod.Get, "/api/v1/models/aborted")).Status);
    }

    [Fact]
    public async Task Many_requests_at_once_are_each_answered_with_their_own_result()
    {
        await worker.Client.UploadAsync("parallel", Api.Sample("iris/iris.onnx"));
        string[] flowers = ["[5.1,3.5,1.4,0.2]", "[6.7,3.1,4.7,1.5]", "[7.7,2.6,6.9,2.3]"];

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(async i =>
            (Expected: i % 3, (await worker.Client.PredictAsync("parallel", $$"""{"values": {{flowers[i % 3]}}}""")).Body)));

        Assert.All(answers, answer => Assert.Equal($"[{answer.Expected}]", answer.Body["values"]!.ToJsonString()));
    }

    /// <summary>A body that begins, and never ends by itself.</summary>
    private sealed class EndlessContent(byte[] beginning) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(beginning, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
