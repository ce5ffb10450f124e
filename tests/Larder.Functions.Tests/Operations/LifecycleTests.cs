using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Operations;

public sealed class LifecycleTests
{
    [Fact]
    public async Task Readiness_waits_for_the_models_of_Preload()
    {
        var storage = await Azurite.AccountAsync();
        await using (var first = await LarderProcess.StartAsync(storage))
            await first.Client.UploadAsync("wanted", OnnxModel.Linear());

        await using var larder = await LarderProcess.StartAsync(storage, ("Preload", "wanted, missing:3"));

        await Eventually.TrueAsync(async () => (await larder.Client.GetJsonAsync("/readyz")).Body["waiting_for"] is { } waiting && !waiting.ToJsonString().Contains("wanted", StringComparison.Ordinal));
        var answer = await larder.Client.GetJsonAsync("/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.Contains("missing:3", answer.Body["waiting_for"]!.ToJsonString());
        await larder.Client.UploadAsync("missing", OnnxModel.Linear());
        await larder.Client.UploadAsync("missing", OnnxModel.Linear());
        await larder.Client.UploadAsync("missing", OnnxModel.Linear());
        await Eventually.TrueAsync(async () => (await larder.Client.GetJsonAsync("/readyz")).Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Without_storage_it_is_live_but_not_ready_and_answers_503()
    {
        await using var azurite = await Azurite.StartAsync();
        await using var larder = await LarderProcess.StartAsync(azurite.ConnectionString);
        await azurite.KillAsync();

        Assert.Equal(HttpStatusCode.OK, (await larder.Client.GetJsonAsync("/healthz")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await larder.Client.GetJsonAsync("/readyz")).Status);
        // Documents in Cosmos DB are still there.
        var list = await larder.Client.GetJsonAsync("/api/v1/models");
        Assert.Equal(TestStore.IsCosmos ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, list.Status);
        Assert.Equal((int)list.Status, list.Code);
        Assert.DoesNotContain("127.0.0.1", list.Description);
    }

    [Fact]
    public async Task SIGTERM_ends_it_cleanly()
    {
        await using var larder = await LarderProcess.StartAsync(await Azurite.AccountAsync());

        Assert.Equal(0, await larder.StopAsync());
    }

    [Fact]
    public async Task A_model_over_the_limit_is_413()
    {
        await using var larder = await LarderProcess.StartAsync(await Azurite.AccountAsync(), ("Limits:ModelBytes", "2000"));

        var tooLarge = await larder.Client.UploadAsync("large", OnnxModel.MatMul(64));
        var small = await larder.Client.UploadAsync("small", OnnxModel.Linear());

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, 413), (tooLarge.Status, tooLarge.Code));
        Assert.Contains("2000", tooLarge.Description);
        Assert.Equal(HttpStatusCode.Created, small.Status);
    }
}
