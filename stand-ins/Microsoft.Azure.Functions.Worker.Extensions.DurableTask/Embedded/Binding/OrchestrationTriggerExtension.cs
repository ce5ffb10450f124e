using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Embedded;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Owns <see cref="OrchestrationTriggerAttribute"/>.</summary>
internal sealed class OrchestrationTriggerExtension(DurableFunctions functions, Lazy<TaskHubWorker> worker) : ITriggerExtension
{
    /// <inheritdoc/>
    public Type AttributeType => typeof(OrchestrationTriggerAttribute);

    /// <inheritdoc/>
    public ITriggerBinding Bind(EmbeddedFunction function)
    {
        if (function.TriggerParameter.ParameterType != typeof(TaskOrchestrationContext))
            throw function.Error($"the parameter '{function.TriggerParameter.Name}' of an orchestrator must be a {nameof(TaskOrchestrationContext)}.");
        functions.AddOrchestrator(((OrchestrationTriggerAttribute)function.Trigger).Orchestration ?? function.Name, function);
        return new DurableTriggerBinding("orchestrationTrigger", typeof(OrchestrationTurn), function.TriggerParameter, isInput: false, functions, worker);
    }
}
