using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using Azure;
using Azure.Core.Diagnostics;
using Larder.Orchestrations.Compute;
using Larder.Testing.Arm;

namespace Larder.ContainerInstances.Tests;

public class SecretTests : ComputeTests
{
    [Fact]
    public async Task No_secret_comes_back_or_gets_into_logs_and_errors()
    {
        var logged = new ConcurrentQueue<string>();
        var errors = new List<Exception>();
        using var listener = new AzureEventSourceListener((_, message) => logged.Enqueue(message), EventLevel.Verbose);
        Server.Answer(new ArmFault("PUT", GroupName, 400, "InvalidRequestContent", "The request content was invalid."));
        errors.Add(await Assert.ThrowsAsync<ComputeFailedException>(StartAsync));
        Server.Answer(new ArmFault("PUT", GroupName, 500, "InternalServerError", "Sorry.") { Times = 4 });
        errors.Add(await Assert.ThrowsAsync<RequestFailedException>(StartAsync));
        await StartAsync();
        await StatusAsync();
        Group.Run();
        Group.WriteLine("hello");
        await Compute.ReadOutputAsync(Id, CancellationToken.None);
        await foreach (var _ in Compute.ListAsync(CancellationToken.None))
            await StatusAsync();
        await NewCompute(clock: TimeProvider.System).DeleteAsync(Id, CancellationToken.None);

        Assert.Contains(Server.Requests, request => request.Method == "PUT" && request.Body.Contains("s3cr3t", StringComparison.Ordinal));
        Assert.All(Server.Requests, request => Assert.DoesNotContain("s3cr3t", request.Answer + request.Path + request.Query + request.UserAgent));
        Assert.Contains(logged, message => message.Contains(GroupName, StringComparison.Ordinal));
        Assert.All(logged, message => Assert.DoesNotContain("s3cr3t", message));
        Assert.All(logged, message => Assert.DoesNotContain(Server.Token, message));
        Assert.All(errors, error => Assert.DoesNotContain("s3cr3t", error.ToString()));
        Assert.All(errors, error => Assert.DoesNotContain(Server.Token, error.ToString()));
    }
}
