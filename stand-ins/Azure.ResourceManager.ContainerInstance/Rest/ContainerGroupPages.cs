using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure.Core;

namespace Azure.ResourceManager.ContainerInstance.Rest;

/// <summary>The groups of a resource group, page after page. The service leaves their instance views out.</summary>
internal sealed class ContainerGroupPages(ContainerGroupsClient groups, ArmClient arm, ResourceIdentifier resourceGroup, CancellationToken cancellationToken)
    : AsyncPageable<ContainerGroupResource>(cancellationToken)
{
    public override IAsyncEnumerable<Page<ContainerGroupResource>> AsPages(string continuationToken = null, int? pageSizeHint = null) =>
        PagesAsync(continuationToken, CancellationToken);

    private async IAsyncEnumerable<Page<ContainerGroupResource>> PagesAsync(string nextLink, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        do
        {
            var response = await groups.ListAsync(resourceGroup, nextLink, cancellationToken);
            using var document = JsonDocument.Parse(response.Content);
            List<ContainerGroupResource> values =
                [.. document.RootElement.Items("value").Select(item => new ContainerGroupResource(arm, ContainerGroupReader.Read(item)))];
            nextLink = document.RootElement.Text("nextLink") is { Length: > 0 } link ? link : null;
            yield return Page<ContainerGroupResource>.FromValues(values, nextLink, response);
        }
        while (nextLink is not null);
    }
}
