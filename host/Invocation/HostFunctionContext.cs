using Larder.Host.Functions;
using Larder.Host.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Invocation;

/// <summary>
/// One invocation. What most functions never look at (scope, items, features, ids) is made when it is first asked for, and the context is its own provider of services.
/// </summary>
internal abstract class HostFunctionContext(FunctionHost host) : FunctionContext, IKeyedServiceProvider
{
    private string? _id;
    private IDictionary<object, object>? _items;
    private IServiceProvider? _otherServices;
    private Details? _details;
    private Task? _running;
    private Func<Task, object?>? _resultOf;

    /// <summary>The function that is invoked.</summary>
    public abstract HostFunction Function { get; }

    /// <summary>The host that invokes it.</summary>
    public FunctionHost Host { get; } = host;

    /// <summary>What the trigger's bindings need.</summary>
    public abstract object? TriggerData { get; }

    /// <summary>Why the function runs, for the log.</summary>
    public abstract string Reason { get; }

    /// <summary>The services of this invocation's scope.</summary>
    public abstract IServiceProvider ScopedServices { get; }

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

    public sealed override string InvocationId => _id ??= InvocationIds.New();

    public sealed override string FunctionId => Function.Definition.Id;

    public sealed override FunctionDefinition FunctionDefinition => Function.Definition;

    public sealed override TraceContext TraceContext => Rest.Trace ??= HostTraceContext.OfActivity() ?? IncomingTrace();

    public sealed override BindingContext BindingContext => Rest.Binding ??= new HostBindingContext(GetBindingData());

    public sealed override RetryContext RetryContext => Rest.Retry ??= GetRetries();

    public sealed override IInvocationFeatures Features => Rest.Features ??= new InvocationFeatures(this);

    public sealed override IDictionary<object, object> Items { get => _items ??= CreateItems(); set => _items = value; }

    public sealed override IServiceProvider InstanceServices
    {
        get => _otherServices ?? this;
        set => _otherServices = value;
    }

    /// <summary>Whether a middleware has put services in the place of the invocation's.</summary>
    public bool HasOtherServices => _otherServices is not null;

    private Details Rest => _details ??= new Details();

    // Singletons come from the application itself, so that an invocation that needs nothing else, and that is nearly every one, makes no scope.
    object? IServiceProvider.GetService(Type serviceType) => (Host.Singletons.Contains(serviceType) ? Host.Services : ScopedServices).GetService(serviceType);

    object? IKeyedServiceProvider.GetKeyedService(Type serviceType, object? serviceKey) => ((IKeyedServiceProvider)ScopedServices).GetKeyedService(serviceType, serviceKey);

    object IKeyedServiceProvider.GetRequiredKeyedService(Type serviceType, object? serviceKey) => ((IKeyedServiceProvider)ScopedServices).GetRequiredKeyedService(serviceType, serviceKey);

    /// <summary>Says where the result is once a task has ended.</summary>
    internal void SetResult(Task running, Func<Task, object?> resultOf) => (_running, _resultOf) = (running, resultOf);

    /// <summary>Forgets the invocation.</summary>
    protected void Reset() => (_id, _items, _otherServices, _details, ResultValue) = (null, null, null, null, null);

    /// <summary>The values of <see cref="BindingContext.BindingData"/>.</summary>
    protected abstract IReadOnlyDictionary<string, object?> GetBindingData();

    /// <summary>Which try it is.</summary>
    protected abstract HostRetryContext GetRetries();

    /// <summary>What <see cref="Items"/> holds at first.</summary>
    protected abstract IDictionary<object, object> CreateItems();

    /// <summary>The trace that what triggered the function is part of, when nothing in this process traces.</summary>
    protected abstract TraceContext IncomingTrace();

    private sealed class Details
    {
        public TraceContext? Trace { get; set; }

        public BindingContext? Binding { get; set; }

        public RetryContext? Retry { get; set; }

        public IInvocationFeatures? Features { get; set; }
    }
}

/// <summary>An invocation by anything but a request. Its scope is its own.</summary>
internal sealed class TriggeredFunctionContext(HostFunction function, FunctionHost host, TriggerInvocation invocation, CancellationToken cancellationToken)
    : HostFunctionContext(host), IAsyncDisposable
{
    private AsyncServiceScope? _scope;

    public override HostFunction Function => function;

    public override object? TriggerData => invocation.Data;

    public override string Reason => invocation.Reason;

    public override CancellationToken CancellationToken => cancellationToken;

    public override IServiceProvider ScopedServices => (_scope ??= Host.Services.CreateAsyncScope()).ServiceProvider;

    public ValueTask DisposeAsync() => _scope is { } scope ? scope.DisposeAsync() : ValueTask.CompletedTask;

    protected override IReadOnlyDictionary<string, object?> GetBindingData() => invocation.BindingData;

    protected override HostRetryContext GetRetries() => new(invocation.RetryCount, invocation.MaxRetryCount);

    protected override IDictionary<object, object> CreateItems() => new Dictionary<object, object>();

    protected override TraceContext IncomingTrace() => new HostTraceContext(null, null);
}
