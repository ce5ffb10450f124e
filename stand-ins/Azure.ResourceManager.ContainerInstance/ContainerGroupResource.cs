using System.Text.Json;
using Azure.Core;
using Azure.ResourceManager.ContainerInstance.Models;
using Azure.ResourceManager.ContainerInstance.Rest;

namespace Azure.ResourceManager.ContainerInstance;

/// <summary>A container group, with or without what was read of it.</summary>
public class ContainerGroupResource : ArmResource
{
    public static readonly ResourceType ResourceType = "Microsoft.ContainerInstance/containerGroups";

    private readonly ContainerGroupsClient _groups;
    private readonly ContainerGroupData _data;

    protected ContainerGroupResource()
    {
    }

    internal ContainerGroupResource(ArmClient client, ContainerGroupData data)
        : this(client, data.Id) => _data = data;

    internal ContainerGroupResource(ArmClient client, ResourceIdentifier id)
        : base(client, id)
    {
        TryGetApiVersion(ResourceType, out var apiVersion);
        _groups = new ContainerGroupsClient(Pipeline, Endpoint, Diagnostics.ApplicationId, apiVersion);
    }

    public virtual bool HasData => _data is not null;

    public virtual ContainerGroupData Data =>
        _data ?? throw new InvalidOperationException("The current instance does not have data, you must call Get first.");

    public static ResourceIdentifier CreateResourceIdentifier(string subscriptionId, string resourceGroupName, string containerGroupName) =>
        new($"/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/{ResourceType}/{containerGroupName}");

    public virtual async Task<Response<ContainerGroupResource>> GetAsync(CancellationToken cancellationToken = default)
    {
        var response = await _groups.GetAsync(Id, cancellationToken);
        return Response.FromValue(new ContainerGroupResource(Client, ContainerGroupReader.Read(response)), response);
    }

    public virtual async Task<ArmOperation<ContainerGroupResource>> DeleteAsync(WaitUntil waitUntil, CancellationToken cancellationToken = default)
    {
        var response = await _groups.DeleteAsync(Id, cancellationToken);
        var operation = new ContainerGroupOperation(_groups, Client, RequestMethod.Delete, Id, response);
        if (waitUntil == WaitUntil.Completed)
            await operation.WaitForCompletionResponseAsync(cancellationToken);
        return operation;
    }

    public virtual Task<Response> StopAsync(CancellationToken cancellationToken = default) => _groups.StopAsync(Id, cancellationToken);

    public virtual async Task<Response<ContainerLogs>> GetContainerLogsAsync(
        string containerName, int? tail = default, bool? timestamps = default, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(containerName);
        var response = await _groups.GetLogsAsync(Id, containerName, tail, timestamps, cancellationToken);
        using var document = JsonDocument.Parse(response.Content);
        return Response.FromValue(new ContainerLogs(document.RootElement.Text("content")), response);
    }

    internal static void Check(ResourceIdentifier id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (id.ResourceType != ResourceType)
            throw new ArgumentException($"The identifier is of a {id.ResourceType}, not of a {ResourceType}.", nameof(id));
    }
}
