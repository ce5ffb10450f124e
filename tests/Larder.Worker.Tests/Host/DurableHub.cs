using System.Text.Json;
using DurableTask.AzureStorage;
using DurableTask.Core;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using DurableTask.Core.Middleware;
using Larder.Worker.Tests.Host.Rpc;
using Microsoft.DurableTask.Testing.Sidecar.Grpc;
using Microsoft.Extensions.Logging;
using Proto = Microsoft.DurableTask.Protobuf;

namespace Larder.Worker.Tests.Host;

/// <summary>
/// The task hub, on the provider that the Durable extension uses too. Each turn of an orchestrator and each activity becomes an invocation of the worker, as the extension
/// does it.
/// </summary>
internal sealed class DurableHub : INameVersionObjectManager<TaskOrchestration>, INameVersionObjectManager<TaskActivity>, IAsyncDisposable
{
    private readonly TaskHubWorker _worker;
    private FunctionInvoker? _invoker;
    private IReadOnlyDictionary<string, LoadedFunction> _functions = new Dictionary<string, LoadedFunction>();

    /// <summary>Sets it up; nothing is asked of storage yet.</summary>
    /// <param name="storage">Connection string of the storage account.</param>
    /// <param name="name">The hub's name.</param>
    /// <param name="loggers">Where the engine logs.</param>
    public DurableHub(string storage, string name, ILoggerFactory loggers)
    {
        Service = new AzureStorageOrchestrationService(new AzureStorageOrchestrationServiceSettings
        {
            StorageAccountClientProvider = new StorageAccountClientProvider(storage),
            TaskHubName = name,
            WorkerId = $"{Guid.NewGuid():N}",
            PartitionCount = 1,
            UseAppLease = false,
            UseTablePartitionManagement = true,
            MaxQueuePollingInterval = TimeSpan.FromMilliseconds(100),
            ThrowExceptionOnInvalidDedupeStatus = true,
            LoggerFactory = loggers,
        });
        _worker = new TaskHubWorker(Service, this, this, loggers) { ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails };
        _worker.AddOrchestrationDispatcherMiddleware(RunOrchestratorAsync);
        _worker.AddActivityDispatcherMiddleware(RunActivityAsync);
    }

    /// <summary>The provider: what starts, queries and purges instances.</summary>
    public AzureStorageOrchestrationService Service { get; }

    /// <summary>Makes the hub's queues and tables.</summary>
    public Task CreateAsync() => Service.CreateIfNotExistsAsync();

    /// <summary>Begins to take work from the hub.</summary>
    /// <param name="invoker">Runs the functions that the hub asks for.</param>
    /// <param name="functions">The functions of the app.</param>
    public Task StartAsync(FunctionInvoker invoker, IReadOnlyList<LoadedFunction> functions)
    {
        _invoker = invoker;
        _functions = functions
            .Where(function => function.Trigger.Type is "orchestrationTrigger" or "activityTrigger")
            .ToDictionary(function => function.Name, StringComparer.OrdinalIgnoreCase);
        return _worker.StartAsync();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_invoker is not null)
            await _worker.StopAsync(isForced: true);
        _worker.Dispose();
    }

    // The middleware answers for the objects that an engine in one process would ask for.
    void INameVersionObjectManager<TaskOrchestration>.Add(ObjectCreator<TaskOrchestration> creator) => throw new NotSupportedException();

    TaskOrchestration? INameVersionObjectManager<TaskOrchestration>.GetObject(string name, string? version) => null;

    void INameVersionObjectManager<TaskActivity>.Add(ObjectCreator<TaskActivity> creator) => throw new NotSupportedException();

    TaskActivity? INameVersionObjectManager<TaskActivity>.GetObject(string name, string? version) => null;

    private async Task RunOrchestratorAsync(DispatchMiddlewareContext context, Func<Task> next)
    {
        var state = context.GetProperty<OrchestrationRuntimeState>();
        if (!_functions.TryGetValue(state.Name, out var function))
        {
            context.SetProperty(OrchestratorExecutionResult.ForFailure($"The app has no orchestrator {state.Name}.", details: null));
            return;
        }

        var request = new Proto.OrchestratorRequest { InstanceId = state.OrchestrationInstance!.InstanceId };
        request.PastEvents.Add(state.PastEvents.Select(ProtobufUtils.ToHistoryEventProto));
        request.NewEvents.Add(state.NewEvents.Select(ProtobufUtils.ToHistoryEventProto));
        var answer = await InvokeAsync(function, ProtobufUtils.Base64Encode(request), request.InstanceId);
        if (answer.Result.Status != StatusResult.Types.Status.Success)
        {
            context.SetProperty(OrchestratorExecutionResult.ForFailure($"The orchestrator {state.Name} failed in the worker.", answer.Result.Exception?.Message));
            return;
        }

        var response = Proto.OrchestratorResponse.Parser.ParseFrom(Convert.FromBase64String(answer.ReturnValue.String));
        context.SetProperty(new OrchestratorExecutionResult
        {
            Actions = [.. response.Actions.Select(ProtobufUtils.ToOrchestratorAction)],
            CustomStatus = response.CustomStatus,
        });
    }

    private async Task RunActivityAsync(DispatchMiddlewareContext context, Func<Task> next)
    {
        var scheduled = context.GetProperty<TaskScheduledEvent>();
        HistoryEvent outcome;
        if (!_functions.TryGetValue(scheduled.Name!, out var function))
        {
            outcome = new TaskFailedEvent(-1, scheduled.EventId, $"The app has no activity {scheduled.Name}.", details: null);
        }
        else
        {
            var answer = await InvokeAsync(function, InputOf(scheduled), context.GetProperty<OrchestrationInstance>().InstanceId);
            outcome = answer.Result.Status == StatusResult.Types.Status.Success
                ? new TaskCompletedEvent(-1, scheduled.EventId, ResultOf(answer.ReturnValue))
                : new TaskFailedEvent(-1, scheduled.EventId, $"The activity {scheduled.Name} failed.", details: null, FailureOf(answer.Result.Exception));
        }

        context.SetProperty(new ActivityExecutionResult { ResponseEvent = outcome });
    }

    private async Task<InvocationResponse> InvokeAsync(LoadedFunction function, string input, string instance)
    {
        try
        {
            return await _invoker!.InvokeAsync(function, new TypedData { String = input }, new Dictionary<string, string> { ["instanceId"] = instance });
        }
        catch (InvalidOperationException exception)
        {
            // The worker is gone: the turn or the activity is no failure of the app's, and runs again.
            throw new SessionAbortedException(exception.Message, exception);
        }
    }

    // The worker's Durable extension writes what failed as JSON of the Durable Task contract, as the first line of the exception's text.
    private static FailureDetails FailureOf(Rpc.RpcException exception)
    {
        var line = exception.Message.Split('\n')[0].Trim();
        var json = line.IndexOf('{');
        return json < 0
            ? new FailureDetails(exception.Type, exception.Message, exception.StackTrace, innerFailure: null, isNonRetriable: false)
            : FailureOf(Proto.TaskFailureDetails.Parser.ParseJson(line[json..]));
    }

    private static FailureDetails FailureOf(Proto.TaskFailureDetails details) => new(
        details.ErrorType, details.ErrorMessage, details.StackTrace, details.InnerFailure is { } inner ? FailureOf(inner) : null, details.IsNonRetriable);

    // The history has an activity's input as the only member of an array; the function is given the member.
    private static string InputOf(TaskScheduledEvent scheduled)
    {
        using var inputs = JsonDocument.Parse(scheduled.Input ?? "[null]");
        return inputs.RootElement[0].GetRawText();
    }

    // JSON, as the history has it.
    private static string? ResultOf(TypedData? value) => value?.DataCase switch
    {
        null or TypedData.DataOneofCase.None => null,
        TypedData.DataOneofCase.Json => value.Json,
        TypedData.DataOneofCase.String => JsonSerializer.Serialize(value.String),
        _ => throw new NotSupportedException($"A return value of the kind {value.DataCase}."),
    };
}
