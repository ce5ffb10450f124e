using Azure;
using Azure.Storage.Blobs;
using Larder.Host.Functions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Larder.Host.Storage;

/// <summary>Where the host keeps what it must remember: the container and the folders of the Functions host, so that its tools and documentation apply.</summary>
internal sealed class HostStorage(IConfiguration settings, IHostEnvironment environment, StorageConnections connections)
{
    private const string ContainerName = "azure-webjobs-hosts";

    private const int LongestHostId = 32;

    private readonly Lazy<BlobContainerClient> _container =
        new(() => connections.GetBlobService(StorageConnections.Host).GetBlobContainerClient(ContainerName));

    /// <summary>The container of all.</summary>
    /// <exception cref="FormatException">There is no storage: a sentence.</exception>
    public BlobContainerClient Container => _container.Value;

    /// <summary>
    /// What the hosts of one application have in common, and no others: the setting <c>AzureFunctionsWebHost:hostid</c>, the name of
    /// the site in Azure, or the application's name. Lower-case letters, digits and dashes, at most 32.
    /// </summary>
    public string HostId { get; } = Sanitize(
        settings["AzureFunctionsWebHost:hostid"] ?? settings["WEBSITE_SITE_NAME"] ?? environment.ApplicationName);

    /// <summary>A function's name in storage: the Functions host compiles all functions into a class of this name.</summary>
    public static string FullName(HostFunction function) => FullName(function.Name);

    /// <inheritdoc cref="FullName(HostFunction)"/>
    public static string FullName(string functionName) => $"Host.Functions.{functionName}";

    /// <summary>Does something in the container, and makes the container if that is what was missing.</summary>
    public async Task<T> InContainerAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
    {
        try
        {
            return await action();
        }
        catch (RequestFailedException error) when (error.ErrorCode == "ContainerNotFound")
        {
            await Container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            return await action();
        }
    }

    private static string Sanitize(string id)
    {
        var text = string.Concat(id.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        text = text.Length <= LongestHostId ? text : text[..LongestHostId].TrimEnd('-');
        return text.Length == 0 ? "functions" : text;
    }
}
