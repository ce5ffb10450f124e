using System.Diagnostics;
using System.Text.Json;
using Larder.Worker.Tests.Host.Rpc;

namespace Larder.Worker.Tests.Host;

/// <summary>Has the worker run a function.</summary>
/// <param name="channel">The stream to the worker.</param>
/// <param name="durable">What the input of a durable client says: where the hub's calls are served, and its name.</param>
internal sealed class FunctionInvoker(WorkerChannel channel, DurableClientInput durable)
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="function">The function.</param>
    /// <param name="trigger">What the trigger hands over.</param>
    /// <param name="metadata">Values beside it, by which further parameters are bound.</param>
    /// <param name="invocation">The invocation's id; null: a new one.</param>
    /// <param name="cancellationToken">Sends <see cref="InvocationCancel"/>; the worker's answer is waited for all the same, as the Functions host does.</param>
    /// <returns>What the worker answers, success or not.</returns>
    public async Task<InvocationResponse> InvokeAsync(
        LoadedFunction function,
        TypedData trigger,
        IReadOnlyDictionary<string, string>? metadata = null,
        string? invocation = null,
        CancellationToken cancellationToken = default)
    {
        invocation ??= $"{Guid.NewGuid()}";
        var request = new InvocationRequest
        {
            InvocationId = invocation,
            FunctionId = function.Id,
            TraceContext = new RpcTraceContext { TraceParent = Activity.Current?.Id ?? "" },
        };
        request.InputData.Add(new ParameterBinding { Name = function.Trigger.Name, Data = trigger });
        foreach (var client in function.Bindings.Where(binding => binding.Type.Equals("durableClient", StringComparison.OrdinalIgnoreCase)))
            request.InputData.Add(new ParameterBinding { Name = client.Name, Data = new TypedData { String = JsonSerializer.Serialize(durable, JsonSerializerOptions.Web) } });
        foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
            request.TriggerMetadata[name] = new TypedData { String = value };

        var answer = channel.AskAsync(new StreamingMessage { RequestId = invocation, InvocationRequest = request });
        await using (cancellationToken.Register(() => Cancel(invocation)))
            return (await answer).InvocationResponse;
    }

    /// <summary>Asks the worker to end an invocation early.</summary>
    public void Cancel(string invocation) => channel.Tell(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = invocation } });
}

/// <summary>The input of a durable client's binding, as the Durable extension writes it.</summary>
/// <param name="RpcBaseUrl">Where the hub's gRPC service listens.</param>
/// <param name="TaskHubName">The hub's name.</param>
internal sealed record DurableClientInput(Uri RpcBaseUrl, string TaskHubName)
{
    /// <summary>What addresses for people would need; the app makes none.</summary>
    public string RequiredQueryStringParameters => "";

    /// <summary>The longest message that the client takes. Without it the client takes none.</summary>
    public int MaxGrpcMessageSizeInBytes => int.MaxValue;

    /// <summary>How long the client waits for an answer: JSON within the JSON.</summary>
    public string GrpcHttpClientTimeout => JsonSerializer.Serialize(TimeSpan.FromSeconds(100));
}
