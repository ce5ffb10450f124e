using Larder.Worker.Tests.Host.Rpc;

namespace Larder.Worker.Tests.Host;

/// <summary>A function that the worker has indexed and loaded.</summary>
internal sealed class LoadedFunction(RpcFunctionMetadata metadata)
{
    /// <summary>Its name.</summary>
    public string Name => metadata.Name;

    /// <summary>The id by which host and worker know it.</summary>
    public string Id => metadata.FunctionId;

    /// <summary>Its bindings.</summary>
    public IReadOnlyList<FunctionBinding> Bindings { get; } = [.. metadata.RawBindings.Select(FunctionBinding.Parse)];

    /// <summary>What starts it.</summary>
    public FunctionBinding Trigger => Bindings.Single(binding => binding.IsTrigger);

    /// <summary>What the worker is told to load: what it said itself, and its bindings as the host has read them.</summary>
    public FunctionLoadRequest LoadRequest()
    {
        var request = new FunctionLoadRequest { FunctionId = Id, Metadata = metadata.Clone() };
        foreach (var binding in Bindings)
        {
            var info = new BindingInfo { Type = binding.Type, Direction = Enum.Parse<BindingInfo.Types.Direction>(binding.Direction, ignoreCase: true) };
            foreach (var (name, value) in binding.Properties())
                info.Properties.Add(name, value);
            request.Metadata.Bindings[binding.Name] = info;
        }

        return request;
    }
}
