namespace Larder.Host;

/// <summary>What a trigger said of itself.</summary>
internal sealed class HostBindingContext(IReadOnlyDictionary<string, object?> bindingData) : BindingContext
{
    public override IReadOnlyDictionary<string, object?> BindingData { get; } = bindingData;
}
