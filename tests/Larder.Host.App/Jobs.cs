using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Larder.Host.App;

/// <summary>Orchestrations that are interrupted.</summary>
public sealed class Jobs(Jobs.Executions executions)
{
    /// <summary>Where each execution of a step leaves its trace.</summary>
    public sealed record Executions(BlobContainerClient Container);

    /// <summary>Ten activities, one after the other; gives what each has returned.</summary>
    [Function("TenSteps")]
    public static async Task<string[]> TenSteps([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var tokens = new string[10];
        for (var i = 0; i < tokens.Length; i++)
            tokens[i] = await context.CallActivityAsync<string>("Step", $"{context.InstanceId}/{i}");
        return tokens;
    }

    /// <summary>Leaves a trace of this one execution, and gives its name.</summary>
    [Function("Step")]
    public async Task<string> Step([ActivityTrigger] string step, CancellationToken cancellationToken)
    {
        var trace = $"{step}/{Guid.NewGuid():N}";
        await executions.Container.GetBlobClient(trace).UploadAsync(BinaryData.FromBytes(Array.Empty<byte>()), cancellationToken);
        return trace;
    }

    /// <summary>Tells which process ran it, before and after an event.</summary>
    [Function("Processes")]
    public static async Task<int[]> Processes([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var before = await context.CallActivityAsync<int>("Process");
        context.SetCustomStatus(before);
        await context.WaitForExternalEvent<string>("go");
        return [before, await context.CallActivityAsync<int>("Process")];
    }

    [Function("Process")]
    public static int Process([ActivityTrigger] string? input) => Environment.ProcessId;
}
