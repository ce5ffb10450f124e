namespace Larder.Host;

/// <summary>An extension's part in the host: it owns one trigger attribute. Registered as a singleton by the extension's start-up class.</summary>
internal interface ITriggerExtension
{
    /// <summary>The attribute: a TriggerBindingAttribute.</summary>
    Type AttributeType { get; }

    /// <summary>Looks at one function with that attribute, once, at start-up and before anything is started.</summary>
    /// <exception cref="SelfHostException">The attribute's values cannot be used: <see cref="HostFunction.Error"/>.</exception>
    ITriggerBinding Bind(HostFunction function);
}
