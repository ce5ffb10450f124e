using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Larder.Host.Tests.Support;
using Larder.Testing;

namespace Larder.Host.Tests.Triggers.Blobs;

/// <summary>An application of its own on a shared storage: its settings, the container that it watches, and the host's container.</summary>
internal sealed class BlobFixture
{
    public BlobFixture(Azurite azurite, int maxDegreeOfParallelism = 8, int poisonBlobThreshold = 5)
    {
        var service = new BlobServiceClient(azurite.ConnectionString);
        Settings = TestHost.SettingsOn(azurite);
        Settings["Uploads"] = TestHost.NewName();
        Settings["AzureFunctionsJobHost:extensions:blobs:maxDegreeOfParallelism"] = $"{maxDegreeOfParallelism}";
        Settings["AzureFunctionsJobHost:extensions:blobs:poisonBlobThreshold"] = $"{poisonBlobThreshold}";
        Uploads = service.GetBlobContainerClient(Settings["Uploads"]);
        Hosts = service.GetBlobContainerClient("azure-webjobs-hosts");
    }

    /// <summary>For <see cref="TestHost"/>; the functions name the container <c>%Uploads%</c>.</summary>
    public Dictionary<string, string?> Settings { get; }

    /// <summary>The container that is watched.</summary>
    public BlobContainerClient Uploads { get; }

    /// <summary>Where the host remembers things.</summary>
    public BlobContainerClient Hosts { get; }

    /// <summary>Where a function's receipts are.</summary>
    public string ReceiptsOf(string function) => $"blobreceipts/{Settings["AzureFunctionsWebHost:hostid"]}/Host.Functions.{function}/";

    /// <summary>Makes the container and puts blobs into it, whose content is their name.</summary>
    public async Task UploadAsync(params IEnumerable<string> names)
    {
        await Uploads.CreateIfNotExistsAsync();
        await Parallel.ForEachAsync(names, async (name, cancellationToken) =>
            await Uploads.GetBlobClient(name).UploadAsync(BinaryData.FromString(name), overwrite: true, cancellationToken));
    }

    /// <summary>A function's receipts: their names below <see cref="ReceiptsOf"/>, and their metadata.</summary>
    public async Task<Dictionary<string, IDictionary<string, string>>> ListReceiptsAsync(string function)
    {
        var receipts = new Dictionary<string, IDictionary<string, string>>();
        await foreach (var receipt in Hosts.GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Metadata, Prefix = ReceiptsOf(function) }))
            receipts.Add(receipt.Name[ReceiptsOf(function).Length..], receipt.Metadata);
        return receipts;
    }

    /// <summary>Waits until so many receipts of a function say that their blob is done with.</summary>
    public async Task WhenCompletedAsync(string function, int count)
    {
        await Eventually.TrueAsync(async () => (await ListReceiptsAsync(function)).Values.Count(metadata => metadata["Completed"] == "True") >= count);
    }
}
