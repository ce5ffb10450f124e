using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Larder.Host.Tests.Support;
using Larder.Host.Tests.Triggers.Support;
using Larder.Testing;

namespace Larder.Host.Tests.Triggers.Blobs;

/// <summary>What a function gets of a blob.</summary>
[Collection(AzuriteCollection.Name)]
public class BlobBindingTests(Azurite azurite)
{
    [Theory]
    [InlineData("bytes")]
    [InlineData("text")]
    [InlineData("stream")]
    [InlineData("client")]
    public async Task A_blob_comes_as(string type)
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        await using var host = await TestHost.StartAsync<Types>(fixture.Settings, calls);
        await fixture.Uploads.CreateAsync();

        await fixture.Uploads.GetBlobClient($"{type}/some.txt").UploadAsync(BinaryData.FromString("päckchen"));

        Assert.Equal(new BlobHandedOver(type, "some.txt", "päckchen"), await calls.NextAsync());
        await fixture.WhenCompletedAsync(type, 1);
        Assert.Empty(calls.Rest());
    }

    [Fact]
    public async Task A_byte_order_mark_is_no_part_of_a_text()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        await fixture.Uploads.CreateAsync();
        await fixture.Uploads.GetBlobClient("text/utf16").UploadAsync(BinaryData.FromBytes([0xFF, 0xFE, (byte)'a', 0]));

        await using var host = await TestHost.StartAsync<Types>(fixture.Settings, calls);

        Assert.Equal("a", (await calls.NextAsync()).Text);
    }

    [Fact]
    public async Task An_empty_blob_is_a_blob()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<BlobHandedOver>();
        await fixture.Uploads.CreateAsync();
        foreach (var type in new[] { "bytes", "text", "stream", "client" })
            await fixture.Uploads.GetBlobClient($"{type}/empty").UploadAsync(BinaryData.FromString(""));

        await using var host = await TestHost.StartAsync<Types>(fixture.Settings, calls);

        var handed = await calls.NextAsync(4);
        Assert.All(handed, call => Assert.Equal("", call.Text));
        Assert.Equal(["bytes", "client", "stream", "text"], handed.Select(call => call.Function).Order());
    }

    [Fact]
    public async Task Parts_of_the_path_are_converted_to_the_types_of_their_parameters()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<string>();
        await using var host = await TestHost.StartAsync<Parts>(fixture.Settings, calls);
        await fixture.UploadAsync("7/Friday/1.5/name.tar.gz");

        Assert.Equal($"7 Friday 1.5 name.tar gz {fixture.Uploads.Name}/7/Friday/1.5/name.tar.gz", await calls.NextAsync());
    }

    [Fact]
    public async Task A_part_of_the_path_that_cannot_be_converted_fails_the_function()
    {
        var fixture = new BlobFixture(azurite, poisonBlobThreshold: 1);
        await using var host = await TestHost.StartAsync<Parts>(fixture.Settings, new Calls<string>());
        await fixture.UploadAsync("many/Friday/1.5/name.gz");

        await fixture.WhenCompletedAsync("Parts", 1);

        Assert.Contains(host.Log.Messages, message =>
            message.Contains("Failed", StringComparison.Ordinal) && message.EndsWith("The part 'count' of the blob's path is 'many', which is no Int32.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_context_knows_the_blob()
    {
        var fixture = new BlobFixture(azurite);
        var calls = new Calls<IReadOnlyDictionary<string, object?>>();
        await fixture.Uploads.CreateAsync();
        var blob = fixture.Uploads.GetBlobClient("a b/ü.txt");
        await blob.UploadAsync(BinaryData.FromString("four"), new BlobUploadOptions
        {
            Metadata = new Dictionary<string, string> { ["owner"] = "me" },
            HttpHeaders = new BlobHttpHeaders { ContentType = "text/plain" },
        });

        await using var host = await TestHost.StartAsync<Context>(fixture.Settings, calls);

        var data = await calls.NextAsync();
        Assert.Equal($"{fixture.Uploads.Name}/a b/ü.txt", data["BlobTrigger"]);
        Assert.Equal(blob.Uri.AbsoluteUri, data["uri"]);
        Assert.Equal("a b/ü", data["name"]);
        Assert.Equal("""{"owner":"me"}""", data["Metadata"]);
        var properties = JsonDocument.Parse((string)data["Properties"]!).RootElement;
        Assert.Equal(4, properties.GetProperty("ContentLength").GetInt64());
        Assert.Equal("text/plain", properties.GetProperty("ContentType").GetString());
        Assert.Equal((await blob.GetPropertiesAsync()).Value.ETag.ToString("H"), properties.GetProperty("ETag").GetString());
        Assert.Contains(host.Log.Messages, message => message.Contains($"Reason='New blob detected(LogsAndContainerScan): {fixture.Uploads.Name}/a b/ü.txt'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Blobs_come_from_the_account_that_the_connection_names()
    {
        await using var other = await Azurite.StartAsync();
        var fixture = new BlobFixture(azurite);
        fixture.Settings["AzureWebJobsElsewhere"] = other.ConnectionString;
        var calls = new Calls<BlobHandedOver>();
        var elsewhere = new BlobContainerClient(other.ConnectionString, fixture.Uploads.Name);
        await elsewhere.CreateAsync();
        await elsewhere.GetBlobClient("there").UploadAsync(BinaryData.FromString("far away"));
        await fixture.UploadAsync("here");

        await using var host = await TestHost.StartAsync<Elsewhere>(fixture.Settings, calls);

        Assert.Equal("far away", (await calls.NextAsync()).Text);
        await fixture.WhenCompletedAsync("elsewhere", 1);
        Assert.Empty(calls.Rest());
    }

    private sealed class Types(Calls<BlobHandedOver> calls)
    {
        [Function("bytes")]
        public void Bytes([BlobTrigger("%Uploads%/bytes/{name}")] byte[] blob, string name) =>
            calls.Add(new("bytes", name, BinaryData.FromBytes(blob).ToString()));

        [Function("text")]
        public void Text([BlobTrigger("%Uploads%/text/{name}")] string blob, string name) => calls.Add(new("text", name, blob));

        [Function("stream")]
        public async Task Stream([BlobTrigger("%Uploads%/stream/{name}")] Stream blob, string name, CancellationToken cancellationToken)
        {
            using var reader = new StreamReader(blob);
            calls.Add(new("stream", name, await reader.ReadToEndAsync(cancellationToken)));
        }

#pragma warning disable IDE1006 // A part of the path is found whatever the case of the parameter's name.
        [Function("client")]
        public async Task Client([BlobTrigger("%Uploads%/client/{name}", Connection = "AzureWebJobsStorage")] BlobClient blob, string NAME) =>
            calls.Add(new("client", NAME, (await blob.DownloadContentAsync()).Value.Content.ToString()));
#pragma warning restore IDE1006
    }

    private sealed class Parts(Calls<string> calls)
    {
        [Function("Parts")]
        public void Run(
            [BlobTrigger("%Uploads%/{count}/{day}/{size}/{name}.{extension}")] string blob,
            int count,
            DayOfWeek day,
            double? size,
            string name,
            string extension,
            string blobTrigger) =>
            calls.Add(FormattableString.Invariant($"{count} {day} {size} {name} {extension} {blobTrigger}"));
    }

    private sealed class Context(Calls<IReadOnlyDictionary<string, object?>> calls)
    {
        [Function("Context")]
        public void Run([BlobTrigger("%Uploads%/{name}.txt")] BlobClient blob, FunctionContext context) =>
            calls.Add(context.BindingContext.BindingData);
    }

    private sealed class Elsewhere(Calls<BlobHandedOver> calls)
    {
        [Function("elsewhere")]
        public void Run([BlobTrigger("%Uploads%", Connection = "Elsewhere")] string blob) => calls.Add(new("elsewhere", "", blob));
    }
}
