using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Embedded;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Owns <see cref="ActivityTriggerAttribute"/>.</summary>
internal sealed class ActivityTriggerExtension(DurableFunctions functions, Lazy<TaskHubWorker> worker) : ITriggerExtension
{
    /// <inheritdoc/>
    public Type AttributeType => typeof(ActivityTriggerAttribute);

    /// <inheritdoc/>
    public ITriggerBinding Bind(EmbeddedFunction function)
    {
        functions.AddActivity(((ActivityTriggerAttribute)function.Trigger).Activity ?? function.Name, function);
        return new DurableTriggerBinding("activityTrigger", typeof(ActivityCall), function.TriggerParameter, isInput: true, functions, worker);
    }
}
