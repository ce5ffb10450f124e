using System.Net;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Arm;

namespace Larder.Functions.Tests.Training;

/// <summary>Trainings whose containers never run: the tests say what becomes of the groups.</summary>
public sealed class StuckContainerTests : IAsyncLifetime
{
    private ContainerLarder _larder = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync() => _larder = await ContainerLarder.StartAsync(runCommands: false);

    /// <inheritdoc/>
    public async Task DisposeAsync() => await _larder.DisposeAsync();

    [Fact]
    public async Task A_training_is_canceled_while_its_container_group_is_pending()
    {
        var id = await SubmitAsync("pending");
        await _larder.GroupAsync(id);

        Assert.Equal(HttpStatusCode.Accepted, (await _larder.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{id}/cancel")).Status);

        await AssertEndedAsync(id, "canceled", "canceled");
        Assert.Equal(HttpStatusCode.NotFound, (await _larder.Client.GetJsonAsync("/api/v1/models/pending")).Status);
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_fails_the_job_with_the_services_message()
    {
        const string message = "Failed to pull image \"python:3.12-slim\": toomanyrequests: You have reached your pull rate limit.";
        var id = await SubmitAsync("unpulled");
        var group = await _larder.GroupAsync(id);
        group.AddEvent("Pulling", "pulling image \"python:3.12-slim\"", "Normal");
        group.AddEvent("Failed", message, "Warning");

        await AssertEndedAsync(id, "failed", message);
    }

    [Fact]
    public async Task A_region_without_room_fails_the_job_with_the_services_message()
    {
        const string message = "The requested resource is not available in the location 'westeurope' at this moment.";
        var id = await SubmitAsync("roomless");
        (await _larder.GroupAsync(id)).FailProvisioning("InsufficientCapacity", message);

        await AssertEndedAsync(id, "failed", message);
    }

    [Fact]
    public async Task A_quota_that_is_used_up_fails_the_job_with_the_services_message()
    {
        const string message =
            "Resource type 'Microsoft.ContainerInstance/containerGroups' container group quota 'StandardCores' exceeded in region 'westeurope'. Limit: '10', Usage: '10' Requested: '1'.";
        _larder.Azure.Answer(new ArmFault("PUT", "", 409, "ContainerGroupQuotaReached", message));

        await AssertEndedAsync(await SubmitAsync("quota"), "failed", message);
    }

    [Fact]
    public async Task An_image_without_Python_fails_the_job_with_the_containers_last_words_which_are_read_before_it_is_deleted()
    {
        var id = await SubmitAsync("pythonless");
        var group = await _larder.GroupAsync(id);
        group.Run();
        group.WriteLine("exec: \"python3\": executable file not found in $PATH");
        group.Exit(127);

        await AssertEndedAsync(id, "failed", "The container ended with exit code 127 (Error). Its last output: exec: \"python3\": executable file not found in $PATH");
        var requests = _larder.Azure.Requests.ToList();
        Assert.InRange(
            requests.FindIndex(request => request.Path.EndsWith("/logs", StringComparison.Ordinal) && request.Answer.Contains("not found", StringComparison.Ordinal)),
            0, requests.FindIndex(request => request.Method == "DELETE"));
    }

    [Fact]
    public async Task A_group_that_is_deleted_from_outside_is_lost_and_the_next_attempt_has_another()
    {
        var id = await SubmitAsync("lost", """{"attempts": 2}""");
        var first = await _larder.GroupAsync(id);
        first.Run();
        _larder.Azure.Remove(first.Name);
        await Eventually.TrueAsync(() => Task.FromResult(_larder.Azure.Find($"larder-{id}-2") is not null));
        _larder.Azure.Remove($"larder-{id}-2");

        await AssertEndedAsync(id, "failed", "it was removed from outside");
    }

    private async Task<string> SubmitAsync(string model, string? options = null)
    {
        var answer = await _larder.Client.TrainAsync(model, TrainingClient.Copy, options: options);
        Assert.True(answer.Status == HttpStatusCode.Accepted, answer.Description);
        return (string)answer.Body["job"]!["id"]!;
    }

    private async Task AssertEndedAsync(string id, string state, string reason)
    {
        var job = await _larder.Client.EndOfAsync(id, () => _larder.Log);
        Assert.True((string)job["state"]! == state, $"{job}\n{_larder.Log}");
        Assert.Contains(reason, (string)job["reason"]!);
        Assert.Empty(_larder.Azure.Groups);
    }
}
