using System.Text.Json;
using Azure.Core;

namespace Azure.ResourceManager.ContainerInstance.Rest;

/// <summary>
/// A creation or deletion that goes on after its answer. Resource Manager's rules for asynchronous operations: the address in Azure-AsyncOperation
/// tells a status; else the one in Location answers 202 until it is done; else the resource's own provisioningState tells. How long to wait between
/// two questions (Retry-After) is Azure.Core's business.
/// </summary>
internal sealed class ContainerGroupOperation : ArmOperation<ContainerGroupResource>
{
    private readonly ContainerGroupsClient groups;
    private readonly ArmClient arm;
    private readonly bool isDelete;
    private readonly ResourceIdentifier group;
    private readonly Uri resource;
    private Response response;
    private Uri next;
    private Source source;
    private ContainerGroupResource value;

    public ContainerGroupOperation(ContainerGroupsClient groups, ArmClient arm, RequestMethod method, ResourceIdentifier group, Response first)
    {
        this.groups = groups;
        this.arm = arm;
        this.group = group;
        isDelete = method == RequestMethod.Delete;
        resource = groups.AddressOf(group);
        response = first;
        if (first.Headers.TryGetValue("Azure-AsyncOperation", out var status))
            (source, next) = (Source.Status, groups.Absolute(status));
        else if (first.Status == 202 && first.Headers.TryGetValue("Location", out var location))
            (source, next) = (Source.Location, groups.Absolute(location));
        else if (isDelete && first.Status == 202)
            (source, next) = (Source.Resource, resource);
        else if (isDelete)
            value = first.Status == 200 ? new ContainerGroupResource(arm, ContainerGroupReader.Read(first)) : Deleted();
        else
            ReadResource();
    }

    private enum Source
    {
        Done,
        Status,
        Location,
        Resource,
    }

    public override string Id => next?.Segments[^1] ?? resource.Segments[^1];

    public override bool HasCompleted => source == Source.Done;

    public override bool HasValue => value is not null;

    public override ContainerGroupResource Value =>
        value ?? throw new InvalidOperationException(HasCompleted ? "The operation has no value." : "The operation has not completed yet.");

    public override Response GetRawResponse() => response;

    public override async ValueTask<Response> UpdateStatusAsync(CancellationToken cancellationToken = default)
    {
        for (var again = !HasCompleted; again;)
        {
            response = await groups.PollAsync(next, cancellationToken);
            again = Read();
        }

        return response;
    }

    public override Response UpdateStatus(CancellationToken cancellationToken = default)
    {
        for (var again = !HasCompleted; again;)
        {
            response = groups.Poll(next, cancellationToken);
            again = Read();
        }

        return response;
    }

    /// <returns>Whether the next question can be asked at once.</returns>
    private bool Read()
    {
        if (response.Status == 404)
        {
            // Gone is what a deletion is for.
            if (!isDelete)
                throw new RequestFailedException(response);
            Complete(Deleted());
            return false;
        }

        if (source == Source.Status)
            return ReadStatus();
        if (source == Source.Resource || response.Status != 202)
            ReadResource();
        else if (response.Headers.TryGetValue("Location", out var location))
            next = groups.Absolute(location);
        return false;
    }

    private bool ReadStatus()
    {
        using var document = JsonDocument.Parse(response.Content);
        switch (document.RootElement.Text("status")?.ToUpperInvariant())
        {
            case "SUCCEEDED" when isDelete:
                Complete(Deleted());
                return false;
            case "SUCCEEDED":
                (source, next) = (Source.Resource, resource);
                return true;
            case "FAILED" or "CANCELED":
                Complete(null);
                throw new RequestFailedException(response);
            default:
                if (response.Headers.TryGetValue("Azure-AsyncOperation", out var moved))
                    next = groups.Absolute(moved);
                return false;
        }
    }

    private void ReadResource()
    {
        if (isDelete)
        {
            // Asked at its address, a group that is still there is not deleted yet; asked elsewhere, the answer is the end.
            if (source != Source.Resource)
                Complete(Deleted());
            return;
        }

        var data = ContainerGroupReader.Read(response);
        switch (data.ProvisioningState?.ToUpperInvariant())
        {
            case null or "SUCCEEDED":
                Complete(new ContainerGroupResource(arm, data));
                break;
            case "FAILED" or "CANCELED":
                Complete(null);
                throw new RequestFailedException(response);
            default:
                (source, next) = (Source.Resource, resource);
                break;
        }
    }

    private void Complete(ContainerGroupResource result) => (source, next, value) = (Source.Done, null, result);

    // What is left of a group that is gone: its address.
    private ContainerGroupResource Deleted() => new(arm, group);
}
