using Larder.Orchestrations.Compute;
using Larder.Testing.Arm;

namespace Larder.ContainerInstances.Tests;

public class ListTests : ComputeTests
{
    protected override ArmServerOptions ServerOptions => base.ServerOptions with { PageSize = 2 };

    [Fact]
    public async Task All_tasks_are_listed_over_all_pages_and_nothing_else()
    {
        List<ComputeId> ids = [.. Enumerable.Range(1, 5).Select(attempt => new ComputeId(Job, attempt)), new ComputeId("0000000000000000", 1)];
        foreach (var id in ids)
            await Compute.StartAsync(NewTask() with { Id = id }, CancellationToken.None);
        await NewCompute(options => options with { NamePrefix = "other-" }).StartAsync(NewTask(), CancellationToken.None);
        var untagged = Group.Requested();
        untagged.Remove("tags");
        Server.Add("website", untagged);
        Server.Add("larder-copy-1", Group.Requested());

        var listed = new List<ComputeId>();
        await foreach (var id in Compute.ListAsync(CancellationToken.None))
            listed.Add(id);

        Assert.Equal(ids.ToHashSet(), listed.ToHashSet());
        Assert.Equal(ids.Count, listed.Count);
        Assert.Equal(5, Server.Requests.Count(request => request.Path.EndsWith("/containerGroups", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_empty_resource_group_has_no_tasks()
    {
        await foreach (var id in Compute.ListAsync(CancellationToken.None))
            Assert.Fail($"{id} does not exist.");

        Assert.Single(Server.Requests);
    }
}
