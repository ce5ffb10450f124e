using Larder.Host.Functions;
using Larder.Host.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Invocation;

/// <summary>
/// One invocation. What most functions never look at (scope, items, features, ids) is made when it is first asked for.
/// A trigger with data of its own may derive from it.
/// </summary>
internal class HostFunctionContext(HostFunction function, FunctionHost host) : FunctionContext, IAsyncDisposable
{
    private static readonly IReadOnlyDictionary<string, object?> Nothing = new Dictionary<string, object?>();

    private AsyncServiceScope? _scope;
    private Task? _running;
    private Func<Task, object?>? _resultOf;

    /// <summary>The function that is invoked.</summary>
    public HostFunction Function { get; } = function;

    /// <summary>The host that invokes it.</summary>
    public FunctionHost Host { get; } = host;

    /// <summary>What the trigger's bindings need.</summary>
    public object? TriggerData { get; set; }

    /// <summary>Why the function runs, for the log.</summary>
    public string Reason { get; init; } = "";

    /// <summary>What the function returned, or what a middleware put in its place; null until the function has ended.</summary>
    public object? ResultValue
    {
        get
        {
            if (_running is { IsCompletedSuccessfully: true } ended)
                ResultValue = _resultOf!(ended);
            return field;
        }

        set
        {
            _running = null;
            field = value;
        }
    }

    public override string InvocationId => field ??= InvocationIds.New();

    public override string FunctionId => Function.Definition.Id;

    public override FunctionDefinition FunctionDefinition => Function.Definition;

    public override TraceContext TraceContext => field ??= HostTraceContext.OfActivity() ?? IncomingTrace();

    public override BindingContext BindingContext => field ??= new HostBindingContext(GetBindingData());

    public override RetryContext RetryContext => field ??= new HostRetryContext(RetryCount, MaxRetryCount);

    public override IDictionary<object, object> Items { get => field ??= CreateItems(); set; }

    public override IInvocationFeatures Features => field ??= new InvocationFeatures(this);

    public override IServiceProvider InstanceServices
    {
        get => field ??= new InvocationServices(this);
        set => (field, HasOtherServices) = (value, true);
    }

    /// <summary>Whether a middleware has put services in the place of the invocation's.</summary>
    public bool HasOtherServices { get; private set; }

    public override CancellationToken CancellationToken => InvocationToken;

    /// <summary>What <see cref="CancellationToken"/> gives.</summary>
    public CancellationToken InvocationToken { get; set; }

    /// <summary>The services of this invocation's scope, which is made when they are first asked for.</summary>
    public virtual IServiceProvider ScopedServices => (_scope ??= Host.Services.CreateAsyncScope()).ServiceProvider;

    internal int RetryCount { get; init; }

    internal int MaxRetryCount { get; init; }

    internal IReadOnlyDictionary<string, object?>? BindingData { get; init; }

    /// <summary>The values of <see cref="BindingContext.BindingData"/>.</summary>
    protected virtual IReadOnlyDictionary<string, object?> GetBindingData() => BindingData ?? Nothing;

    /// <summary>What <see cref="Items"/> holds at first.</summary>
    protected virtual IDictionary<object, object> CreateItems() => new Dictionary<object, object>();

    /// <summary>The trace that what triggered the function is part of, when nothing in this process traces.</summary>
    protected virtual TraceContext IncomingTrace() => new HostTraceContext(null, null);

    /// <summary>Says where the result is once a task has ended.</summary>
    internal void SetResult(Task running, Func<Task, object?> resultOf) => (_running, _resultOf) = (running, resultOf);

    public ValueTask DisposeAsync() => _scope is { } scope ? scope.DisposeAsync() : ValueTask.CompletedTask;
}
