namespace Azure.ResourceManager.ContainerInstance.Rest;

/// <summary>The answer when there is no such group.</summary>
internal sealed class NoContainerGroup(Response response) : NullableResponse<ContainerGroupResource>
{
    public override bool HasValue => false;

    public override ContainerGroupResource Value => throw new InvalidOperationException("There is no such container group.");

    public override Response GetRawResponse() => response;
}
