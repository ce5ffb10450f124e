using System.Diagnostics;
using System.Text.Json.Nodes;
using Azure;
using Larder.Orchestrations.Compute;
using Larder.Registry.Errors;
using Larder.Testing.Arm;

namespace Larder.ContainerInstances.Tests;

public class StartTests : ComputeTests
{
    private const string Quota =
        "Resource type 'Microsoft.ContainerInstance/containerGroups' container group quota 'StandardCores' exceeded in region 'westeurope'. Limit: '100', Usage: '100' Requested: '1'.";

    private const string Capacity =
        "The requested resource is not available in the location 'westeurope' at this moment. Please retry with a different resource request or in another location.";

    [Fact]
    public async Task A_task_becomes_a_container_group()
    {
        Assert.True(await StartAsync());

        var put = Assert.Single(Server.Requests, request => request.Method == "PUT");
        Assert.Equal(
            $"/subscriptions/{Server.SubscriptionId}/resourceGroups/{Server.ResourceGroup}/providers/Microsoft.ContainerInstance/containerGroups/{GroupName}", put.Path);
        var expected = JsonNode.Parse($$$"""
            {
              "location": "westeurope",
              "tags": {
                "platform": "larder", "job": "{{{Job}}}", "attempt": "1",
                "startBy": "2024-01-01T00:30:00.0000000Z", "expiresAt": "2024-01-01T01:30:00.0000000Z"
              },
              "properties": {
                "containers": [{
                  "name": "job",
                  "properties": {
                    "image": "python:3.12-slim",
                    "command": ["python3", "-c", "print('Ärger')"],
                    "environmentVariables": [
                      {"name": "LARDER_BOOTSTRAP_URL", "secureValue": "{{{Secret}}}"},
                      {"name": "LARDER_JOB_URL", "secureValue": "{{{Secret}}}2"}
                    ],
                    "resources": {"requests": {"memoryInGB": 2, "cpu": 1}}
                  }
                }],
                "restartPolicy": "Never",
                "osType": "Linux"
              }
            }
            """);
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(put.Body)), put.Body);
    }

    [Fact]
    public async Task Subnet_identity_and_private_registry_are_taken_from_the_settings()
    {
        const string identity = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller";
        const string subnet = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/jobs";
        var compute = NewCompute(options => options with { IdentityId = identity, RegistryServer = "team.azurecr.io", SubnetId = subnet });

        await compute.StartAsync(NewTask(new ComputeResources("team.azurecr.io/trainer:7", Cpu: 1.25, MemoryGb: 3.01)), CancellationToken.None);

        var group = Group.Requested();
        Assert.Equal("""{"type":"UserAssigned","userAssignedIdentities":{"IDENTITY":{}}}""".Replace("IDENTITY", identity), group["identity"]!.ToJsonString());
        var properties = group["properties"]!;
        Assert.Equal("""[{"server":"team.azurecr.io","identity":"IDENTITY"}]""".Replace("IDENTITY", identity), properties["imageRegistryCredentials"]!.ToJsonString());
        Assert.Equal("""[{"id":"SUBNET"}]""".Replace("SUBNET", subnet), properties["subnetIds"]!.ToJsonString());
        Assert.Equal("""{"memoryInGB":3.1,"cpu":1.3}""", properties["containers"]![0]!["properties"]!["resources"]!["requests"]!.ToJsonString());
    }

    [Fact]
    public async Task A_public_image_is_not_pulled_with_the_private_registrys_identity()
    {
        var compute = NewCompute(options => options with { IdentityId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller", RegistryServer = "team.azurecr.io" });

        await compute.StartAsync(NewTask(), CancellationToken.None);

        Assert.Null(Group.Requested()["properties"]!["imageRegistryCredentials"]);
    }

    [Fact]
    public async Task Started_again_after_a_crash_the_group_is_adopted()
    {
        await StartAsync();
        Group.Run();

        Assert.True(await NewCompute().StartAsync(NewTask(), CancellationToken.None));

        Assert.Equal(1, Count("PUT"));
        Assert.Equal(ComputeState.Running, (await StatusAsync()).State);
    }

    [Fact]
    public async Task A_lost_answer_makes_no_second_group()
    {
        Server.Answer(new ArmFault("PUT", GroupName, 500, "InternalServerError", "Lost.") { AfterDoing = true });

        Assert.True(await StartAsync());

        Assert.Equal(409, Server.Requests.Last(request => request.Method == "PUT").Status);
        Assert.Single(Server.Groups);
    }

    [Fact]
    public async Task Two_hosts_at_once_make_one_group()
    {
        var hosts = Enumerable.Range(0, 8).Select(_ => NewCompute()).ToList();

        var started = await Task.WhenAll(hosts.Select(host => host.StartAsync(NewTask(), CancellationToken.None)));

        Assert.All(started, Assert.True);
        Assert.Single(Server.Requests, request => request is { Method: "PUT", Status: 201 });
        Assert.DoesNotContain(Server.Requests, request => request is { Method: "PUT", Status: 200 });
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"platform": "larder", "job": "7zzr2x0k9ab3cdef", "attempt": "2"}""")]
    [InlineData("""{"platform": "other", "job": "7zzr2x0k9ab3cdef", "attempt": "1"}""")]
    public async Task Another_group_of_the_same_name_is_left_alone(string tags)
    {
        Server.Add(GroupName, Foreign(tags)).Run();

        var error = await Assert.ThrowsAsync<ComputeFailedException>(StartAsync);
        await Compute.StopAsync(Id, CancellationToken.None);
        await Compute.DeleteAsync(Id, CancellationToken.None);

        Assert.Contains($"'{GroupName}'", error.Message);
        Assert.Equal(ComputeState.Missing, (await StatusAsync()).State);
        Assert.Equal("", await Compute.ReadOutputAsync(Id, CancellationToken.None));
        Assert.All(Server.Requests, request => Assert.Equal("GET", request.Method));
        Assert.Equal("Running", Group.ContainerState);
    }

    [Theory]
    [InlineData(409, "ContainerGroupQuotaReached", Quota)]
    [InlineData(503, "ServiceUnavailable", Quota)]
    [InlineData(409, "ServiceUnavailable", Capacity)]
    [InlineData(400, "InaccessibleImage", "The image 'python:3.12-slim' in container group 'g' is not accessible. Please check the image and registry credential.")]
    [InlineData(400, "RegistryErrorResponse", "An error response is received from the docker registry 'index.docker.io'. Please retry later.")]
    [InlineData(403, "AuthorizationFailed", "The client does not have authorization to perform action 'Microsoft.ContainerInstance/containerGroups/write'.")]
    public async Task What_will_not_pass_fails_the_job_with_the_services_own_words(int status, string code, string message)
    {
        Server.Answer(new ArmFault("PUT", GroupName, status, code, message) { Times = 10 });

        var error = await Assert.ThrowsAsync<ComputeFailedException>(StartAsync);

        Assert.Equal(message, error.Message);
        Assert.Empty(Server.Groups);
    }

    [Theory]
    [InlineData(429, "TooManyRequests")]
    [InlineData(500, "InternalServerError")]
    [InlineData(503, "ServiceUnavailable")]
    public async Task What_may_pass_is_tried_again_and_then_thrown_as_it_is(int status, string code)
    {
        Server.Answer(new ArmFault("PUT", GroupName, status, code, "Later, please.") { Times = 4 });

        var error = await Assert.ThrowsAsync<RequestFailedException>(StartAsync);
        Assert.Equal(status, error.Status);
        Assert.Equal(code, error.ErrorCode);
        Assert.Equal(4, Count("PUT"));

        Assert.True(await StartAsync());
        Assert.Single(Server.Groups);
    }

    [Fact]
    public async Task Retry_After_is_honoured()
    {
        Server.Answer(new ArmFault("PUT", GroupName, 429, "TooManyRequests", "Slowly.") { RetryAfterSeconds = 1 });
        var watch = Stopwatch.StartNew();

        Assert.True(await StartAsync());

        Assert.Equal(2, Count("PUT"));
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.95), TimeSpan.MaxValue);
    }

    [Fact]
    public async Task A_group_that_is_being_deleted_is_not_started_again_under_its_name()
    {
        await StartAsync();
        Group.Exit(0);
        Server.Answer(new ArmFault("GET", GroupName, 404, "ResourceNotFound", "Not found.") { Times = 2 });
        Server.Answer(new ArmFault("PUT", GroupName, 409, "ContainerGroupTransitioning", "Deleting."));

        var error = await Assert.ThrowsAsync<RequestFailedException>(StartAsync);

        Assert.Equal("ContainerGroupTransitioning", error.ErrorCode);
    }

    [Theory]
    [InlineData("python:3.11", "The image 'python:3.11' is not allowed. Allowed: python:3.12-slim, python:3.13, team.azurecr.io/trainer:7.")]
    [InlineData("Team.azurecr.io/trainer:7", "The image 'Team.azurecr.io/trainer:7' has upper-case letters, and container instances never start such an image. Write it in lower case.")]
    [InlineData("", "The image '' is not allowed. Allowed: python:3.12-slim, python:3.13, team.azurecr.io/trainer:7.")]
    public async Task Only_images_of_the_list_are_run(string image, string message)
    {
        var resources = new ComputeResources(image);

        Assert.Equal(message, Assert.Throws<InvalidRequestException>(() => Compute.Validate(resources)).Message);
        Assert.Equal(message, (await Assert.ThrowsAsync<ComputeFailedException>(() => Compute.StartAsync(NewTask(resources), CancellationToken.None))).Message);
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public void GPUs_are_refused_with_the_reason() =>
        Assert.Equal(
            "Container instances have no GPUs: the service retired them on 2025-07-14. Leave gpu out, or set it to 0.",
            Assert.Throws<InvalidRequestException>(() => Compute.Validate(new ComputeResources(Gpu: 1))).Message);

    [Theory]
    [InlineData(4.1, null, "cpu must be from 0.1 to 4 on container instances; got 4.1.")]
    [InlineData(0.0, null, "cpu must be from 0.1 to 4 on container instances; got 0.")]
    [InlineData(double.NaN, null, "cpu must be from 0.1 to 4 on container instances; got NaN.")]
    [InlineData(null, 16.5, "memoryGb must be from 0.1 to 16 on container instances; got 16.5.")]
    public void More_than_the_settings_allow_is_refused(double? cpu, double? memory, string message) =>
        Assert.Equal(message, Assert.Throws<InvalidRequestException>(() => Compute.Validate(new ComputeResources(Cpu: cpu, MemoryGb: memory))).Message);

    [Fact]
    public async Task What_the_settings_allow_is_not_refused()
    {
        var resources = new ComputeResources("python:3.13", 4, 16);

        Compute.Validate(resources);
        Compute.Validate(new ComputeResources());

        Assert.True(await Compute.StartAsync(NewTask(resources), CancellationToken.None));
    }

    private JsonObject Foreign(string tags) => JsonNode.Parse($$"""
        {
          "location": "westeurope", "tags": {{tags}},
          "properties": {
            "osType": "Linux",
            "containers": [{"name": "job", "properties": {"image": "nginx", "resources": {"requests": {"cpu": 1, "memoryInGB": 1} } } }]
          }
        }
        """)!.AsObject();
}
