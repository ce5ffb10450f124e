using Azure;
using Larder.Orchestrations.Compute;
using Larder.Testing;
using Larder.Testing.Arm;

namespace Larder.ContainerInstances.Tests;

public class StopAndDeleteTests : ComputeTests
{
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await StartAsync();
    }

    [Fact]
    public async Task A_stopped_container_is_over()
    {
        Group.Run();

        await Compute.StopAsync(Id, CancellationToken.None);

        Assert.Equal(1, Count("POST", $"{GroupName}/stop"));
        Assert.Equal(new ComputeStatus(ComputeState.Exited, 137, "The container ended with exit code 137 (Error)."), await StatusAsync());
        await Compute.StopAsync(Id, CancellationToken.None);
    }

    [Fact]
    public async Task A_group_stopped_before_its_container_ran_is_over()
    {
        Group.FailProvisioning("Timeout", "It took too long.");

        await Compute.StopAsync(Id, CancellationToken.None);

        Assert.Equal(new ComputeStatus(ComputeState.Exited, Reason: "The container group was stopped."), await StatusAsync());
    }

    [Fact]
    public async Task A_group_that_is_still_being_made_cannot_be_stopped_so_it_is_deleted()
    {
        await Compute.StopAsync(Id, CancellationToken.None);

        Assert.Equal(1, Count("DELETE"));
        await Eventually.TrueAsync(async () => (await StatusAsync()).State == ComputeState.Missing);
    }

    [Fact]
    public async Task A_running_group_that_is_changing_is_not_deleted_by_a_stop()
    {
        Group.Run();
        Server.Answer(new ArmFault("POST", "/stop", 409, "ContainerGroupTransitioning", "Stopping."));

        await Compute.StopAsync(Id, CancellationToken.None);

        Assert.Equal(0, Count("DELETE"));
    }

    [Fact]
    public async Task Nothing_is_stopped_where_nothing_is()
    {
        Server.Remove(GroupName);

        await Compute.StopAsync(Id, CancellationToken.None);
        await DeleteAsync();

        Assert.Equal(0, Count("POST", "/stop") + Count("DELETE"));
    }

    [Fact]
    public async Task A_group_that_is_gone_at_the_moment_of_the_stop_is_no_error()
    {
        Group.Run();
        Server.Answer(new ArmFault("POST", "/stop", 404, "ResourceNotFound", "Gone."));

        await Compute.StopAsync(Id, CancellationToken.None);

        Assert.Equal(1, Count("POST", "/stop"));
    }

    [Fact]
    public async Task A_running_group_is_stopped_then_deleted_then_awaited()
    {
        Group.Run();

        await DeleteAsync();

        Assert.Empty(Server.Groups);
        Assert.Equal(
            ["POST", "DELETE"], Server.Requests.Select(request => request.Method).Where(method => method is "POST" or "DELETE"));
        Assert.Equal(404, Server.Requests[^1].Status);
        Assert.Equal(new ComputeStatus(ComputeState.Missing), await StatusAsync());
    }

    [Fact]
    public async Task A_group_whose_creation_failed_while_it_runs_is_stopped_and_deleted()
    {
        Group.Run();
        Group.FailProvisioning("ServiceUnavailable", "Something failed.");

        await DeleteAsync();

        Assert.Equal(1, Count("POST", "/stop"));
        Assert.Empty(Server.Groups);
    }

    [Fact]
    public async Task A_group_that_has_ended_is_not_stopped_first()
    {
        Group.Run();
        Group.Exit(0);

        await DeleteAsync();

        Assert.Equal(0, Count("POST", "/stop"));
        Assert.Equal(1, Count("DELETE"));
    }

    [Fact]
    public async Task A_group_that_cannot_be_stopped_is_deleted_all_the_same()
    {
        Group.Run();
        Server.Answer(new ArmFault("POST", "/stop", 400, "BadRequest", "No."));

        await DeleteAsync();

        Assert.Empty(Server.Groups);
    }

    [Fact]
    public async Task A_transition_is_waited_out()
    {
        Group.Exit(0);
        Server.Answer(new ArmFault("DELETE", GroupName, 409, "ContainerGroupTransitioning", "Still transitioning.") { Times = 3 });

        await DeleteAsync();

        Assert.Equal(4, Count("DELETE"));
        Assert.Empty(Server.Groups);
    }

    [Fact]
    public async Task A_deletion_that_was_accepted_is_not_asked_for_again()
    {
        Group.Exit(0);
        Server.Answer(new ArmFault("DELETE", GroupName, 202, "Accepted", "Some day."));
        using var enough = new CancellationTokenSource();
        var deletion = NewCompute(clock: TimeProvider.System).DeleteAsync(Id, enough.Token);
        await Eventually.TrueAsync(() => Task.FromResult(Count("GET") > 5));

        Assert.False(deletion.IsCompleted);
        await enough.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => deletion);
        Assert.Equal(1, Count("DELETE"));
    }

    [Fact]
    public async Task A_deletion_that_the_service_accepted_and_forgot_is_asked_for_again_by_the_next_call()
    {
        Group.Exit(0);
        Server.Answer(new ArmFault("DELETE", GroupName, 202, "Accepted", "Some day."));
        var compute = NewCompute(options => options with { DeleteLimit = TimeSpan.FromMilliseconds(50) }, TimeProvider.System);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => compute.DeleteAsync(Id, CancellationToken.None));
        Assert.Contains(GroupName, error.Message);

        await DeleteAsync();
        Assert.Equal(2, Count("DELETE"));
        Assert.Empty(Server.Groups);
    }

    [Fact]
    public async Task Deleting_what_another_host_deleted_meanwhile_succeeds()
    {
        Group.Exit(0);
        Server.Answer(new ArmFault("DELETE", GroupName, 404, "ResourceNotFound", "Gone.") { AfterDoing = true });

        await DeleteAsync();

        Assert.Empty(Server.Groups);
    }

    [Fact]
    public async Task An_error_that_stays_is_thrown()
    {
        Group.Exit(0);
        Server.Answer(new ArmFault("DELETE", GroupName, 403, "AuthorizationFailed", "You may not."));

        var error = await Assert.ThrowsAsync<RequestFailedException>(DeleteAsync);

        Assert.Equal("AuthorizationFailed", error.ErrorCode);
        Assert.Single(Server.Groups);
    }

    private Task DeleteAsync() => NewCompute(clock: TimeProvider.System).DeleteAsync(Id, CancellationToken.None);
}
