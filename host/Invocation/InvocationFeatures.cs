using System.Collections;
using System.Reflection;

namespace Larder.Host.Invocation;

/// <summary>Features of one invocation: few, so a list is enough.</summary>
internal sealed class InvocationFeatures(HostFunctionContext context) : IInvocationFeatures
{
    // The worker's own interface behind FunctionContext.GetInvocationResult(), which is internal.
    private const string BindingsFeature = "Microsoft.Azure.Functions.Worker.Context.Features.IFunctionBindingsFeature";

    private readonly List<KeyValuePair<Type, object>> _features = [];

    public T? Get<T>()
    {
        foreach (var (type, feature) in _features)
        {
            if (type == typeof(T))
                return (T)feature;
        }

        if (typeof(T).FullName != BindingsFeature)
            return default;
        var bindings = DispatchProxy.Create<T, ResultFeature>();
        ((ResultFeature)(object)bindings!).Context = context;
        _features.Add(new(typeof(T), bindings));
        return bindings;
    }

    public void Set<T>(T instance)
    {
        _features.RemoveAll(static feature => feature.Key == typeof(T));
        if (instance is not null)
            _features.Add(new(typeof(T), instance));
    }

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The invocation's result, as the worker's internal feature has it. The self-host has no output bindings.</summary>
    public class ResultFeature : DispatchProxy
    {
        internal HostFunctionContext Context { get; set; } = null!;

        /// <inheritdoc />
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            switch (targetMethod?.Name)
            {
                case "get_InvocationResult":
                    return Context.ResultValue;
                case "set_InvocationResult":
                    Context.ResultValue = args![0];
                    return null;
                default:
                    throw new NotSupportedException($"The self-host has no output bindings: {targetMethod?.Name} is not available in it.");
            }
        }
    }
}
