using Larder.Orchestrations.Compute;
using Larder.Testing.Arm;

namespace Larder.ContainerInstances.Tests;

public class StatusTests : ComputeTests
{
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await StartAsync();
    }

    [Theory]
    [InlineData(0, null, null)]
    [InlineData(3, null, "The container ended with exit code 3 (Error).")]
    [InlineData(137, "OOMKilled", "The container ended with exit code 137 (OOMKilled).")]
    public async Task A_container_is_pending_then_running_then_over(int exitCode, string? detail, string? reason)
    {
        Assert.Equal(new ComputeStatus(ComputeState.Pending), await StatusAsync());

        Group.AddEvent("Pulling", "pulling image \"python:3.12-slim\"", "Normal");
        Assert.Equal(new ComputeStatus(ComputeState.Pending, Reason: "pulling image \"python:3.12-slim\""), await StatusAsync());

        Group.Run();
        Assert.Equal(new ComputeStatus(ComputeState.Running), await StatusAsync());

        Group.Exit(exitCode, detail);
        Assert.Equal(new ComputeStatus(ComputeState.Exited, exitCode, reason), await StatusAsync());
    }

    [Fact]
    public async Task Nobody_knows_of_a_task_that_never_started() =>
        Assert.Equal(new ComputeStatus(ComputeState.Missing), await Compute.GetStatusAsync(new ComputeId(Job, 2), CancellationToken.None));

    [Fact]
    public async Task A_group_that_somebody_deleted_while_it_ran_is_missing()
    {
        Group.Run();
        Server.Remove(GroupName);

        Assert.Equal(new ComputeStatus(ComputeState.Missing), await StatusAsync());
    }

    [Fact]
    public async Task A_terminated_container_is_over_though_its_group_lags()
    {
        Group.Run();
        Group.Exit(0, groupLags: true);

        Assert.Equal(new ComputeStatus(ComputeState.Exited, 0), await StatusAsync());
    }

    [Fact]
    public async Task A_container_that_ran_twice_has_no_exit_code_to_trust()
    {
        Group.Run();
        Group.Exit(1);
        Group.Run();
        Assert.Equal(new ComputeStatus(ComputeState.Running, Reason: "The service has started the container again."), await StatusAsync());

        Group.Exit(0);
        Assert.Equal(
            new ComputeStatus(ComputeState.Exited, Reason: "The service ran the container more than once, so its exit code does not count; the last was 0 (Completed)."),
            await StatusAsync());
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_fails_the_task_with_the_events_message()
    {
        Group.AddEvent("Pulling", "pulling image \"python:3.12-slim\"", "Normal");
        Group.AddEvent("Failed", "Failed to pull image \"python:3.12-slim\": toomanyrequests", "Warning");
        Group.AddEvent("BackOff", "Back-off pulling image", "Normal");

        Assert.Equal(
            new ComputeStatus(ComputeState.Exited, Reason: "The container did not start: Failed to pull image \"python:3.12-slim\": toomanyrequests"),
            await StatusAsync());
    }

    [Fact]
    public async Task Backing_off_alone_is_reason_enough()
    {
        Group.AddEvent("BackOff", "Back-off pulling image", "Warning");

        Assert.Equal(new ComputeStatus(ComputeState.Exited, Reason: "The container did not start: Back-off pulling image"), await StatusAsync());
    }

    [Fact]
    public async Task Trouble_that_is_over_is_no_failure()
    {
        Group.AddEvent("Failed", "Failed to pull image", "Warning");
        Clock.Advance(TimeSpan.FromSeconds(10));
        Group.AddEvent("Pulled", "Successfully pulled image", "Normal");

        Assert.Equal(new ComputeStatus(ComputeState.Pending, Reason: "Successfully pulled image"), await StatusAsync());
    }

    [Fact]
    public async Task A_region_without_room_fails_the_task_with_the_services_message()
    {
        const string message = "The requested resource is not available in the location 'westeurope' at this moment.";
        Group.FailProvisioning("InsufficientCapacity", message);

        Assert.Equal(new ComputeStatus(ComputeState.Exited, Reason: $"The container did not start: {message}"), await StatusAsync());
    }

    [Fact]
    public async Task A_failed_creation_does_not_prove_that_nothing_runs()
    {
        Group.Run();
        Group.FailProvisioning("ServiceUnavailable", "Something failed.");

        var status = await StatusAsync();

        Assert.Equal(ComputeState.Running, status.State);
        Assert.Contains("yet the container runs", status.Reason);
    }

    [Fact]
    public async Task A_group_that_never_starts_is_given_up_after_the_limit()
    {
        Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(ComputeState.Pending, (await StatusAsync()).State);

        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(
            new ComputeStatus(ComputeState.Exited, Reason: "The container did not start: it took longer than the limit. Last heard: nothing"), await StatusAsync());
    }

    [Fact]
    public async Task A_running_container_has_no_limit_to_start()
    {
        Group.Run();
        Clock.Advance(TimeSpan.FromHours(5));

        Assert.Equal(new ComputeStatus(ComputeState.Running), await StatusAsync());
    }

    [Fact]
    public async Task A_busy_service_is_not_an_answer()
    {
        Server.Answer(new ArmFault("GET", GroupName, 503, "ServiceUnavailable", "Busy.") { Times = 3 });

        Assert.Equal(ComputeState.Pending, (await StatusAsync()).State);
        Assert.Equal(3, Server.Requests.Count(request => request.Status == 503));
    }
}
