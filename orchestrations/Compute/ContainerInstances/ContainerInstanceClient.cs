using Azure.Core;
using Azure.Identity;
using Azure.ResourceManager;

namespace Larder.Orchestrations.Compute.ContainerInstances;

/// <summary>Makes the client of Azure Resource Manager.</summary>
public static class ContainerInstanceClient
{
    /// <summary>A client as the options say.</summary>
    /// <param name="options">Endpoint, audience and identity.</param>
    /// <param name="credential">Who calls; null for <see cref="DefaultAzureCredential"/> with the options' identity.</param>
    /// <param name="client">Transport, retries and so on of the pipeline, which honours <c>Retry-After</c>; its environment is the options'.</param>
    public static ArmClient Create(ContainerInstanceOptions options, TokenCredential? credential = null, ArmClientOptions? client = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        credential ??= CreateCredential(options);
        client ??= new ArmClientOptions();
        client.Environment = options.ArmEndpoint is { } endpoint
            ? new ArmEnvironment(endpoint, string.IsNullOrEmpty(options.ArmAudience) ? endpoint.GetLeftPart(UriPartial.Authority) : options.ArmAudience)
            : ArmEnvironment.AzurePublicCloud;
        return new ArmClient(credential, options.SubscriptionId, client);
    }

    private static DefaultAzureCredential CreateCredential(ContainerInstanceOptions options)
    {
        var credential = new DefaultAzureCredentialOptions { ManagedIdentityClientId = string.IsNullOrEmpty(options.ClientId) ? null : options.ClientId };

        // Unset, it is what AZURE_AUTHORITY_HOST says.
        if (options.AuthorityHost is { } authority)
            credential.AuthorityHost = authority;
        return new DefaultAzureCredential(credential);
    }
}
