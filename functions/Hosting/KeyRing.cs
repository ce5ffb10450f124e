using System.Xml.Linq;
using Azure;
using Azure.Storage.Blobs;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Larder.Functions.Hosting;

/// <summary>
/// Keeps the keys of ASP.NET Core's data protection in blobs, one for each key, so that all servers on one storage account read each other's cookies, and a restart ends no session.
/// The interface is synchronous: it is asked at the first page after a start, and then about once a day.
/// </summary>
internal sealed class KeyRing(BlobServiceClient storage) : IXmlRepository
{
    /// <summary>The container of the keys. Who can read it can make sessions, as who can write the documents can make tokens.</summary>
    public const string Container = "data-protection";

    private readonly BlobContainerClient _container = storage.GetBlobContainerClient(Container);

    /// <inheritdoc />
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        try
        {
            return [.. _container.GetBlobs().Select(blob => XElement.Parse(_container.GetBlobClient(blob.Name).DownloadContent().Value.Content.ToString()))];
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // Before the first key.
            return [];
        }
    }

    /// <inheritdoc />
    public void StoreElement(XElement element, string friendlyName)
    {
        _container.CreateIfNotExists();
        // The name has the key's id: another server's key is never overwritten.
        _container.GetBlobClient($"{friendlyName}.xml").Upload(BinaryData.FromString(element.ToString(SaveOptions.DisableFormatting)), overwrite: true);
    }

    /// <summary>Adds data protection with these keys.</summary>
    public static void AddTo(IServiceCollection services)
    {
        services.AddDataProtection();
        // It would read the keys at each start, before the first request, whether a browser comes or not.
        services.Remove(services.Single(service => service.ServiceType == typeof(IHostedService) && service.ImplementationType?.Name == "DataProtectionHostedService"));
        // Storage encrypts what it keeps; a key of one's own for that is a matter of the storage account.
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.DataProtection.KeyManagement.XmlKeyManager", LogLevel.Error));
        services.AddSingleton<KeyRing>();
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider =>
            new ConfigureOptions<KeyManagementOptions>(options => options.XmlRepository = provider.GetRequiredService<KeyRing>()));
        // The default is the folder of the program, which differs between the servers that share the keys.
        services.Configure<Microsoft.AspNetCore.DataProtection.DataProtectionOptions>(options => options.ApplicationDiscriminator = "larder");
    }
}
