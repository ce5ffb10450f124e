using System.Text.Json.Nodes;
using Azure;
using Azure.Storage.Blobs;
using Larder.Registry.Ingestion;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;

namespace Larder.Functions.Tests.Ingestion;

/// <summary>Drops models as users do with a storage tool.</summary>
internal static class Drops
{
    /// <summary>Looks into an idle container five times a second.</summary>
    public static (string Name, string Value) Often => ("SelfHost:Blobs:MaxPollingInterval", "00:00:00.2");

    public static Task CreateContainerAsync(string storage) => Container(storage).CreateIfNotExistsAsync();

    public static Task DropAsync(string storage, string path, byte[] content) =>
        Container(storage).GetBlobClient(path).UploadAsync(BinaryData.FromBytes(content), overwrite: true);

    /// <summary>Waits for the result beside a drop.</summary>
    public static async Task<JsonNode> ResultAsync(string storage, string path, Func<string> log)
    {
        var blob = Container(storage).GetBlobClient(path + IngestedBlob.ResultSuffix);
        JsonNode? result = null;
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                try
                {
                    result = JsonNode.Parse((await blob.DownloadContentAsync()).Value.Content);
                    return true;
                }
                catch (RequestFailedException e) when (e.Status == 404)
                {
                    return false;
                }
            });
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{path} has no result.\n{log()}");
        }

        return result!;
    }

    private static BlobContainerClient Container(string storage) => BlobClients.Create(storage).GetBlobContainerClient(IngestionContainer.Container);
}
