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
    private readonly ContainerGroupsClient _groups;
    private readonly ArmClient _arm;
    private readonly bool _isDelete;
    private readonly ResourceIdentifier _group;
    private readonly Uri _resource;
    private Response _response;
    private Uri _next;
    private Source _source;
    private ContainerGroupResource _value;

    public ContainerGroupOperation(ContainerGroupsClient groups, ArmClient arm, RequestMethod method, ResourceIdentifier group, Response first)
    {
        _groups = groups;
        _arm = arm;
        _group = group;
        _isDelete = method == RequestMethod.Delete;
        _resource = groups.AddressOf(group);
        _response = first;
        if (first.Headers.TryGetValue("Azure-AsyncOperation", out var status))
            (_source, _next) = (Source.Status, groups.Absolute(status));
        else if (first.Status == 202 && first.Headers.TryGetValue("Location", out var location))
            (_source, _next) = (Source.Location, groups.Absolute(location));
        else if (_isDelete && first.Status == 202)
            (_source, _next) = (Source.Resource, _resource);
        else if (_isDelete)
            _value = first.Status == 200 ? new ContainerGroupResource(arm, ContainerGroupReader.Read(first)) : Deleted();
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

    public override string Id => _next?.Segments[^1] ?? _resource.Segments[^1];

    public override bool HasCompleted => _source == Source.Done;

    public override bool HasValue => _value is not null;

    public override ContainerGroupResource Value =>
        _value ?? throw new InvalidOperationException(HasCompleted ? "The operation has no value." : "The operation has not completed yet.");

    public override Response GetRawResponse() => _response;

    public override async ValueTask<Response> UpdateStatusAsync(CancellationToken cancellationToken = default)
    {
        for (var again = !HasCompleted; again;)
        {
            _response = await _groups.PollAsync(_next, cancellationToken);
            again = Read();
        }

        return _response;
    }

    public override Response UpdateStatus(CancellationToken cancellationToken = default)
    {
        for (var again = !HasCompleted; again;)
        {
            _response = _groups.Poll(_next, cancellationToken);
            again = Read();
        }

        return _response;
    }

    /// <returns>Whether the next question can be asked at once.</returns>
    private bool Read()
    {
        if (_response.Status == 404)
        {
            // Gone is what a deletion is for.
            if (!_isDelete)
                throw new RequestFailedException(_response);
            Complete(Deleted());
            return false;
        }

        if (_source == Source.Status)
            return ReadStatus();
        if (_source == Source.Resource || _response.Status != 202)
            ReadResource();
        else if (_response.Headers.TryGetValue("Location", out var location))
            _next = _groups.Absolute(location);
        return false;
    }

    private bool ReadStatus()
    {
        using var document = JsonDocument.Parse(_response.Content);
        switch (document.RootElement.Text("status")?.ToUpperInvariant())
        {
            case "SUCCEEDED" when _isDelete:
                Complete(Deleted());
                return false;
            case "SUCCEEDED":
                (_source, _next) = (Source.Resource, _resource);
                return true;
            case "FAILED" or "CANCELED":
                Complete(null);
                throw new RequestFailedException(_response);
            default:
                if (_response.Headers.TryGetValue("Azure-AsyncOperation", out var moved))
                    _next = _groups.Absolute(moved);
                return false;
        }
    }

    private void ReadResource()
    {
        if (_isDelete)
        {
            // Asked at its address, a group that is still there is not deleted yet; asked elsewhere, the answer is the end.
            if (_source != Source.Resource)
                Complete(Deleted());
            return;
        }

        var data = ContainerGroupReader.Read(_response);
        switch (data.ProvisioningState?.ToUpperInvariant())
        {
            case null or "SUCCEEDED":
                Complete(new ContainerGroupResource(_arm, data));
                break;
            case "FAILED" or "CANCELED":
                Complete(null);
                throw new RequestFailedException(_response);
            default:
                (_source, _next) = (Source.Resource, _resource);
                break;
        }
    }

    private void Complete(ContainerGroupResource result) => (_source, _next, _value) = (Source.Done, null, result);

    // What is left of a group that is gone: its address.
    private ContainerGroupResource Deleted() => new(_arm, _group);
}
