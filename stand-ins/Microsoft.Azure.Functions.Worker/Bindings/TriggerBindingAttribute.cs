namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

/// <summary>Marks the parameter that a function is triggered by: exactly one in each function.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public abstract class TriggerBindingAttribute : BindingAttribute
{
    /// <summary>A trigger.</summary>
    // Public because the package's is.
    public TriggerBindingAttribute()
    {
    }
}
