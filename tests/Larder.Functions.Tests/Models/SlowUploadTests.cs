using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Models;

public sealed class SlowUploadTests(Azurite azurite) : IClassFixture<Azurite>
{
    [Fact]
    public async Task An_upload_whose_validation_takes_too_long_for_an_answer_leaves_nothing_and_is_told_what_to_do()
    {
        await using var larder = await LarderProcess.StartAsync(azurite.NewAccount(), ("Limits:RequestTimeout", "00:00:05"));

        var slow = await larder.Client.UploadAsync("slow", OnnxModel.EndlessLoop());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, slow.Status);
        Assert.Equal(
            "The model was not validated within 5 seconds (Limits:RequestTimeout). Try again later, or upload it by POST /api/v1/models/slow/uploads: a job then has the time.", slow.Description);
        Assert.NotNull(slow.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync("/api/v1/models/slow")).Status);

        // The validator is free again; starting its process anew takes a while on a busy machine.
        var quick = HttpStatusCode.ServiceUnavailable;
        for (var tries = 0; quick == HttpStatusCode.ServiceUnavailable && tries < 12; tries++)
            quick = (await larder.Client.UploadAsync("quick", OnnxModel.Linear())).Status;
        Assert.Equal(HttpStatusCode.Created, quick);
    }
}
