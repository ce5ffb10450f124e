namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>What a trigger said of itself.</summary>
internal sealed class EmbeddedBindingContext(IReadOnlyDictionary<string, object?> bindingData) : BindingContext
{
    public override IReadOnlyDictionary<string, object?> BindingData { get; } = bindingData;
}
