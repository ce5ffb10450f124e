using System.Net;
using System.Text.Json;
using Azure.Storage.Blobs;
using Google.Protobuf;
using Larder.Testing;
using Larder.Worker.Tests.Host.Rpc;

namespace Larder.Worker.Tests;

/// <summary>Functions that no request starts.</summary>
[Collection(nameof(SharedWorker))]
public sealed class TriggerTests(WorkerFixture worker)
{
    [Fact]
    public async Task A_blob_that_Event_Grid_tells_of_becomes_a_model()
    {
        await DropAsync("IngestUpload", "uploads", "dropped/iris.onnx", Api.Sample("iris/iris.onnx"));

        await Eventually.TrueAsync(async () => (await worker.Client.SendJsonAsync(HttpMethod.Get, "/api/v1/models/dropped")).Status == HttpStatusCode.OK);
        var (_, body) = await worker.Client.PredictAsync("dropped", """{"values": [5.1, 3.5, 1.4, 0.2]}""");
        Assert.Equal("[0]", body["values"]!.ToJsonString());
    }

    [Theory]
    [InlineData("CollectGarbage")]
    [InlineData("CollectUploadGarbage")]
    [InlineData("ReconcileJobs")]
    [InlineData("RunSchedules")]
    [InlineData("IngestMissed")]
    [InlineData("DeliverWebhooks")]
    [InlineData("RecoverEvents")]
    public async Task A_timer_s_function_runs_to_its_end(string function)
    {
        // As the host writes it, here for an occurrence that came late.
        const string Timer = """
            {"Schedule": {"AdjustForDST": true}, "ScheduleStatus": {"Last": "2026-01-01T00:00:00+00:00", "Next": "2026-01-01T01:00:00+00:00", "LastUpdated": "2026-01-01T00:00:00+00:00"}, "IsPastDue": true}
            """;

        var answer = await worker.Host.Invoker.InvokeAsync(worker.Host.Function(function), new TypedData { Json = Timer });

        Assert.True(answer.Result.Status == StatusResult.Types.Status.Success, answer.Result.Exception?.Message);
    }

    // The blob, and then the invocation that the host makes of Event Grid's message about it.
    private async Task DropAsync(string name, string container, string blob, byte[] content)
    {
        var uri = await PutAsync(container, blob, content);
        var function = worker.Host.Function(name);
        var reference = new { Connection = function.Trigger["connection"] ?? "AzureWebJobsStorage", ContainerName = container, BlobName = blob };
        var trigger = new ModelBindingData
        {
            Version = "1.0",
            Source = "AzureStorageBlobs",
            ContentType = "application/json",
            Content = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(reference)),
        };
        var parts = blob.Split('/', 2);
        var metadata = new Dictionary<string, string>
        {
            ["BlobTrigger"] = $"{container}/{blob}", ["Uri"] = JsonSerializer.Serialize(uri), ["model"] = parts[0], ["name"] = parts[1],
        };

        var answer = await worker.Host.Invoker.InvokeAsync(function, new TypedData { ModelBindingData = trigger }, metadata);

        Assert.True(answer.Result.Status == StatusResult.Types.Status.Success, answer.Result.Exception?.Message);
    }

    private async Task<Uri> PutAsync(string container, string blob, byte[] content)
    {
        var containers = new BlobContainerClient(worker.Storage, container);
        await containers.CreateIfNotExistsAsync();
        var client = containers.GetBlobClient(blob);
        await client.UploadAsync(new BinaryData(content), overwrite: true);
        return client.Uri;
    }
}
