using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Storage;

/// <summary>
/// Finds storage accounts by the names that trigger attributes give them, as the Functions host does: <c>Connection = "X"</c> is the setting
/// <c>AzureWebJobsX</c> or, without that, <c>X</c>, each first among the connection strings; no name is <c>AzureWebJobsStorage</c>. A setting with others
/// below it (<c>AzureWebJobsStorage__accountName</c>, <c>__blobServiceUri</c>, <c>__queueServiceUri</c>, <c>__tableServiceUri</c>) is an account that this
/// process's identity may use.
/// </summary>
internal sealed class StorageConnections(IConfiguration settings)
{
    /// <summary>The name that stands for the host's own account.</summary>
    public const string Host = "AzureWebJobsStorage";

    private const string Prefix = "AzureWebJobs";

    /// <exception cref="FormatException">There is no such connection, or it cannot be used: a sentence.</exception>
    public BlobServiceClient GetBlobService(string? connection) => Create(
        connection,
        text => new BlobServiceClient(text),
        account => new BlobServiceClient(account.Blobs.Value, account.Credential));

    /// <inheritdoc cref="GetBlobService"/>
    public QueueServiceClient GetQueueService(string? connection)
    {
        // The Functions host's queues hold base64: what reads them with the official trigger expects it.
        var options = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 };
        return Create(connection, text => new QueueServiceClient(text, options), account => new QueueServiceClient(account.Queues.Value, account.Credential, options));
    }

    /// <summary>The connection string or the identity's account behind a name: one of both is given.</summary>
    /// <inheritdoc cref="GetBlobService"/>
    public (string? ConnectionString, StorageAccount? Account) Find(string? connection)
    {
        var name = string.IsNullOrEmpty(connection) ? Host : connection;
        foreach (var setting in new[] { Prefix + name, name })
        {
            // Before the value: the host gives AzureWebJobsStorage one, the emulator's, when there is no other.
            if (settings.GetSection(setting) is var section && section.GetChildren().Any())
                return (null, StorageAccount.From(section));
            if (settings.GetConnectionString(setting) is { Length: > 0 } connectionString)
                return (connectionString, null);
            if (settings[setting] is { Length: > 0 } value)
                return (value, null);
        }

        throw new StorageConnectionException(
            $"the connection '{name}' does not exist: set '{name}' to a storage connection string, or '{name}__accountName' to an account that this process's identity may use, in local.settings.json or in the environment.");
    }

    private TClient Create<TClient>(string? connection, Func<string, TClient> fromText, Func<StorageAccount, TClient> fromAccount)
    {
        var (text, account) = Find(connection);
        if (account is not null)
            return fromAccount(account);
        try
        {
            return fromText(text!);
        }
        // What the storage library says of a bad connection string may hold parts of it, and so of the key.
        catch (Exception error) when (error is FormatException or ArgumentException)
        {
            throw new StorageConnectionException($"the setting '{(string.IsNullOrEmpty(connection) ? Host : connection)}' is not a storage connection string.");
        }
    }
}

/// <summary>A storage account that is used with an identity, without a key.</summary>
/// <param name="Blobs">Its blob service; a FormatException when no setting says where it is, as of the others.</param>
/// <param name="Queues">Its queue service.</param>
/// <param name="Tables">Its table service.</param>
/// <param name="Credential">The identity.</param>
internal sealed record StorageAccount(Lazy<Uri> Blobs, Lazy<Uri> Queues, Lazy<Uri> Tables, TokenCredential Credential)
{
    /// <summary>Reads the settings below a connection's.</summary>
    public static StorageAccount From(IConfigurationSection section)
    {
        var clientId = section["clientId"] is { Length: > 0 } id ? id : null;
        TokenCredential credential = "managedidentity".Equals(section["credential"], StringComparison.OrdinalIgnoreCase)
            ? new ManagedIdentityCredential(clientId is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(clientId))
            : new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = clientId });
        return new(new(() => Service("blob")), new(() => Service("queue")), new(() => Service("table")), credential);

        Uri Service(string service)
        {
            var name = $"{service}ServiceUri";
            // The Functions host's older name for the only service that a trigger needs.
            var text = section[name] ?? (service == "blob" ? section["serviceUri"] : null);
            if (text is null && section["accountName"] is { Length: > 0 } account)
                text = $"https://{account}.{service}.core.windows.net";
            return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
                ? uri
                : throw new StorageConnectionException(text is null
                    ? $"the connection '{section.Key}' has no '{section.Key}__{name}' and no '{section.Key}__accountName'."
                    : $"the setting '{section.Key}__{name}' must be the address of the {service} service, as https://ACCOUNT.{service}.core.windows.net; it is '{text}'.");
        }
    }
}

/// <summary>A storage connection cannot be used.</summary>
internal sealed class StorageConnectionException(string message) : FormatException(message);
