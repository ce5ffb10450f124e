using Azure;
using Azure.Core;
using Azure.ResourceManager;
using Azure.ResourceManager.ContainerInstance;
using Azure.ResourceManager.ContainerInstance.Models;
using Azure.ResourceManager.Resources;
using Larder.Orchestrations.Compute.ContainerInstances;
using Larder.Testing;
using Larder.Testing.Arm;

namespace Larder.ContainerInstances.Tests;

/// <summary>Azure.ResourceManager.ContainerInstance itself, on the wire.</summary>
public class StandInTests : ComputeTests
{
    [Fact]
    public async Task Requests_bear_version_token_and_name_of_the_library()
    {
        await Groups().GetIfExistsAsync(GroupName);

        var request = Assert.Single(Server.Requests);
        Assert.Equal("?api-version=2025-09-01", request.Query);
        Assert.Matches(@"^azsdk-net-\S*ResourceManager\.ContainerInstance/\S+ ", request.UserAgent);
    }

    [Fact]
    public async Task Version_and_application_are_the_callers_choice()
    {
        var client = NewClient(change: options =>
        {
            options.SetApiVersion(ContainerGroupResource.ResourceType, "2023-05-01");
            options.Diagnostics.ApplicationId = "larder";
        });

        await Groups(client).GetIfExistsAsync(GroupName);

        Assert.Equal("?api-version=2023-05-01", Server.Requests[0].Query);
        Assert.StartsWith("larder azsdk-net-", Server.Requests[0].UserAgent);
    }

    [Fact]
    public async Task A_wrong_token_is_an_error_with_the_services_code()
    {
        await using var other = await ArmServer.StartAsync();
        var options = new ArmClientOptions { Transport = Server.CreateTransport(), Environment = new ArmEnvironment(Server.Endpoint, Server.Endpoint.AbsoluteUri) };

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => Groups(new ArmClient(other.Credential, null, options)).GetAsync(GroupName));

        Assert.Equal((401, "AuthenticationFailed"), (error.Status, error.ErrorCode));
    }

    [Fact]
    public async Task The_default_credential_finds_the_servers_identity()
    {
        var before = Server.Environment.Keys.ToDictionary(name => name, System.Environment.GetEnvironmentVariable);
        try
        {
            foreach (var (name, value) in Server.Environment)
                System.Environment.SetEnvironmentVariable(name, value);
            var client = ContainerInstanceClient.Create(
                NewOptions() with { ClientId = "11111111-1111-1111-1111-111111111111" }, client: new ArmClientOptions { Transport = Server.CreateTransport() });

            Assert.False((await Groups(client).GetIfExistsAsync(GroupName)).HasValue);
        }
        finally
        {
            foreach (var (name, value) in before)
                System.Environment.SetEnvironmentVariable(name, value);
        }
    }

    [Fact]
    public async Task Creating_waits_for_the_operation_when_told_so()
    {
        var creation = CreateAsync(WaitUntil.Completed);
        await Eventually.TrueAsync(() => Task.FromResult(Server.Requests.Any(request => request.Path.Contains("/operations/", StringComparison.Ordinal))));
        Assert.False(creation.IsCompleted);
        Group.Run();

        var operation = await creation;

        Assert.True(operation.HasCompleted && operation.HasValue);
        var data = operation.Value.Data;
        Assert.Equal(("Succeeded", "Running", GroupName), (data.ProvisioningState, data.InstanceView.State, data.Name));
        Assert.Equal("Running", data.Containers[0].InstanceView.CurrentState.State);
        Assert.Equal(AzureLocation.WestEurope, data.Location);
    }

    [Fact]
    public async Task A_started_creation_can_be_followed()
    {
        var operation = await CreateAsync(WaitUntil.Started);
        Assert.False(operation.HasCompleted);
        Assert.Throws<InvalidOperationException>(() => operation.Value);

        await operation.UpdateStatusAsync();
        Assert.False(operation.HasCompleted);

        Group.Run();
        operation.UpdateStatus();
        Assert.Equal("Succeeded", operation.Value.Data.ProvisioningState);
    }

    [Fact]
    public async Task A_creation_that_fails_throws_the_services_error()
    {
        var operation = await CreateAsync(WaitUntil.Started);
        Group.FailProvisioning("InsufficientCapacity", "No room in this region.");

        var error = await Assert.ThrowsAsync<RequestFailedException>(async () => await operation.UpdateStatusAsync());

        Assert.Equal("InsufficientCapacity", error.ErrorCode);
        Assert.StartsWith("No room in this region.", error.Message);
        Assert.True(operation.HasCompleted);
        Assert.False(operation.HasValue);
    }

    [Fact]
    public async Task Deleting_waits_until_the_group_is_gone_when_told_so()
    {
        await CreateAsync(WaitUntil.Started);
        Group.Run();

        var operation = await Resource().DeleteAsync(WaitUntil.Completed);

        Assert.True(operation.HasCompleted);
        Assert.Contains(Server.Requests, request => request.Path.Contains("/operationResults/", StringComparison.Ordinal));
        Assert.Empty(Server.Groups);
    }

    [Fact]
    public async Task Deleting_what_is_not_there_is_done_at_once() =>
        Assert.True((await Resource().DeleteAsync(WaitUntil.Started)).HasCompleted);

    [Fact]
    public async Task A_deletion_that_is_done_at_once_has_the_group_as_its_value()
    {
        await using var server = await ArmServer.StartAsync(new ArmServerOptions { DeleteStatus = 200 });
        var options = new ArmClientOptions { Transport = server.CreateTransport(), Environment = new ArmEnvironment(server.Endpoint, server.Endpoint.AbsoluteUri) };
        var groups = Groups(new ArmClient(server.Credential, null, options));
        var created = await groups.CreateOrUpdateAsync(WaitUntil.Started, GroupName, NewData());
        Assert.False(created.HasCompleted);

        var deleted = await (await groups.GetAsync(GroupName)).Value.DeleteAsync(WaitUntil.Completed);

        Assert.Equal(GroupName, deleted.Value.Data.Name);
        Assert.Empty(server.Groups);
    }

    [Fact]
    public async Task A_group_without_data_says_so()
    {
        await CreateAsync(WaitUntil.Started);
        var resource = Resource();
        Assert.False(resource.HasData);
        Assert.Throws<InvalidOperationException>(() => resource.Data);

        var read = (await resource.GetAsync()).Value;

        Assert.True(read.HasData);
        Assert.Equal(("job", "nginx"), (read.Data.Containers[0].Name, read.Data.Containers[0].Image));
        Assert.Equal(ContainerGroupRestartPolicy.Never, read.Data.RestartPolicy);
    }

    [Fact]
    public async Task Lists_have_no_instance_view()
    {
        await CreateAsync(WaitUntil.Started);
        Group.Run();

        await foreach (var group in Groups().GetAllAsync())
        {
            Assert.Null(group.Data.InstanceView);
            Assert.Null(group.Data.Containers[0].InstanceView);
        }

        Assert.NotNull((await Groups().GetAsync(GroupName)).Value.Data.InstanceView);
    }

    [Fact]
    public async Task A_group_that_is_not_there_is_404()
    {
        var error = await Assert.ThrowsAsync<RequestFailedException>(() => Groups().GetAsync(GroupName));

        Assert.Equal((404, "ResourceNotFound"), (error.Status, error.ErrorCode));
    }

    [Fact]
    public void An_identifier_of_something_else_is_refused() =>
        Assert.Throws<ArgumentException>(() => NewClient().GetContainerGroupResource(ResourceGroupResource.CreateResourceIdentifier(Server.SubscriptionId, "g")));

    private static ContainerGroupData NewData() => new(
        AzureLocation.WestEurope,
        [new ContainerInstanceContainer("job") { Image = "nginx", Resources = new ContainerResourceRequirements(new ContainerResourceRequestsContent(1, 1)) }],
        ContainerInstanceOperatingSystemType.Linux)
    {
        RestartPolicy = ContainerGroupRestartPolicy.Never,
    };

    private Task<ArmOperation<ContainerGroupResource>> CreateAsync(WaitUntil wait) => Groups().CreateOrUpdateAsync(wait, GroupName, NewData());

    private ContainerGroupCollection Groups(ArmClient? client = null) => (client ?? NewClient())
        .GetResourceGroupResource(ResourceGroupResource.CreateResourceIdentifier(Server.SubscriptionId, Server.ResourceGroup))
        .GetContainerGroups();

    private ContainerGroupResource Resource() => NewClient().GetContainerGroupResource(
        ContainerGroupResource.CreateResourceIdentifier(Server.SubscriptionId, Server.ResourceGroup, GroupName));
}
