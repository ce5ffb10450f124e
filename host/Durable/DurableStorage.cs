using Azure.Identity;
using DurableTask.AzureStorage;
using Larder.Host.Functions;
using Larder.Host.Storage;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Durable;

/// <summary>The account that holds the task hub: a connection string in <c>AzureWebJobsStorage</c>, or an identity in <c>AzureWebJobsStorage__...</c>.</summary>
internal sealed class DurableStorage
{
    private DurableStorage(StorageAccountClientProvider clients, string account, bool isEmulator)
    {
        Clients = clients;
        Account = account;
        IsEmulator = isEmulator;
    }

    public StorageAccountClientProvider Clients { get; }

    /// <summary>The same text for the same account: an address.</summary>
    public string Account { get; }

    public bool IsEmulator { get; }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SelfHostException">They name no account.</exception>
    public static DurableStorage From(IConfiguration configuration)
    {
        var section = configuration.GetSection(StorageConnections.Host);
        // Before the value, which is the emulator's by default.
        if (section.GetChildren().Any())
            return OfIdentity(section);
        var text = configuration.GetConnectionString(StorageConnections.Host) is { Length: > 0 } named ? named : section.Value ?? "";
        try
        {
            var blobs = new Azure.Storage.Blobs.BlobServiceClient(text);
            return new(new StorageAccountClientProvider(text), blobs.Uri.AbsoluteUri, blobs.Uri.IsLoopback);
        }
        // What the library says of a bad connection string may hold parts of it, and so of the key.
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            throw new SelfHostException($"The setting '{StorageConnections.Host}' is not a storage connection string.");
        }
    }

    private static DurableStorage OfIdentity(IConfigurationSection section)
    {
        var credential = new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = section["clientId"] });
        if (section["accountName"] is { Length: > 0 } account)
            return new(new StorageAccountClientProvider(account, credential), account, isEmulator: false);
        var (blobs, queues, tables) = (Address("blobServiceUri"), Address("queueServiceUri"), Address("tableServiceUri"));
        return new(new StorageAccountClientProvider(blobs, queues, tables, credential), blobs.AbsoluteUri, isEmulator: false);

        Uri Address(string name) => Uri.TryCreate(section[name], UriKind.Absolute, out var address)
            ? address
            : throw new SelfHostException(
                $"Orchestrations need the setting '{StorageConnections.Host}__{name}', the address of a storage service such as https://NAME.blob.core.windows.net " +
                $"(or '{StorageConnections.Host}__accountName' for all three services, or a connection string in '{StorageConnections.Host}').");
    }
}
