using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Models;

public sealed class FairUploadTests(Azurite azurite) : IClassFixture<Azurite>
{
    [Fact]
    public async Task An_upload_is_answered_while_those_of_another_caller_are_slow_and_theirs_are_limited()
    {
        await using var larder = await LarderProcess.StartAsync(
            azurite.NewAccount(), ("FunctionKeys:attacker", "attackers-key"), ("FunctionKeys:honest", "honest-key"),
            ("Limits:LoadSeconds", "600"), ("Limits:SmallLoadSeconds", "600"), ("Limits:MaxWaitingOfCaller", "3"));
        using var ending = new CancellationTokenSource();
        var slow = Enumerable.Range(0, 5).Select(i => PutAsync(larder.Client, $"slow-{i}", OnnxModel.EndlessLoop(), "attackers-key", ending.Token)).ToList();

        // One is tried, three wait, and one is too many.
        var first = await Task.WhenAny(slow);
        var refused = await first;
        slow.Remove(first);
        var honest = await PutAsync(larder.Client, "honest", OnnxModel.Linear(), "honest-key", CancellationToken.None);

        Assert.True(honest.Code == 201, honest.Description);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.Equal("Too many of your models are waiting to be validated; try again later.", refused.Description);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.All(slow, upload => Assert.False(upload.IsCompleted));
        await ending.CancelAsync();
        foreach (var upload in slow)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => upload);
    }

    private static async Task<Answer> PutAsync(HttpClient client, string model, byte[] content, string key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/models/{model}")
        {
            Content = new MultipartFormDataContent { { new ByteArrayContent(content), "path", "model.onnx" } },
        };
        request.Headers.Add("x-functions-key", key);
        return await client.SendAsync(request, cancellationToken).ReadAnswerAsync();
    }
}
