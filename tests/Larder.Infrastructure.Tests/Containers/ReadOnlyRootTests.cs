using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Testing;

namespace Larder.Infrastructure.Tests.Containers;

/// <summary>What the image's program does where only its volume and /tmp can be written, as a user who is not root.</summary>
public sealed class ReadOnlyRootTests
{
    private const string Token = "lrd_of-the-test-of-the-published-host";

    [PublishedHostFact]
    public async Task The_published_server_becomes_healthy_takes_a_model_predicts_and_stops()
    {
        await using var azurite = await Azurite.StartAsync();
        await using var host = await PublishedHost.MakeAsync(
        [
            new("AzureWebJobsStorage", azurite.ConnectionString),
            new("Access__AdminTokenSha256", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token)))),
        ]);

        var (early, sentence) = await host.CheckHealthAsync();
        Assert.Equal(1, early);
        Assert.Contains("does not answer", sentence, StringComparison.Ordinal);

        var (written, refusal) = await host.RunAsync("/bin/sh", "-c", "id -u; touch /app/x /x; touch /var/lib/larder/x /tmp/x && rm /var/lib/larder/x");
        Assert.Equal(0, written);
        Assert.StartsWith("1654\n", refusal, StringComparison.Ordinal);
        Assert.Equal(2, refusal.Split("Read-only file system").Length - 1);

        host.Start();
        await Eventually.TrueAsync(async () => (await host.CheckHealthAsync()).ExitCode == 0);

        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{host.Port}"), Timeout = TimeSpan.FromMinutes(2) };
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("healthz")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("api/v1/models")).StatusCode);

        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        using var model = new ByteArrayContent(await File.ReadAllBytesAsync(Repository.Path("samples/iris/iris.onnx")));
        using var uploaded = await client.PutAsync("api/v1/models/iris", model);
        Assert.True(uploaded.StatusCode == HttpStatusCode.Created, $"{await uploaded.Content.ReadAsStringAsync()}\n{host.Log}");
        using var predicted = await client.PostAsync("api/v1/models/iris/prediction", new StringContent("""{"values": [5.1, 3.5, 1.4, 0.2]}"""));
        Assert.Equal("[0]", JsonNode.Parse(await predicted.Content.ReadAsStringAsync())!["values"]!.ToJsonString());

        Assert.Equal(0, await host.StopAsync());
        Assert.All(host.Log.ToString().Split('\n').Where(line => line.StartsWith('{')), line => Assert.NotNull(JsonNode.Parse(line)!["LogLevel"]));
    }
}
