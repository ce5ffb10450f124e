using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Larder.Host;

/// <summary>HTTP's part in the host.</summary>
internal sealed class HttpTriggerExtension(HttpOptions options, ParameterPolicyFactory policies) : ITriggerExtension
{
    public Type AttributeType => typeof(HttpTriggerAttribute);

    public ITriggerBinding Bind(HostFunction function)
    {
        var trigger = (HttpTriggerAttribute)function.Trigger;
        if (trigger.AuthLevel is not (AuthorizationLevel.Anonymous or AuthorizationLevel.Function or AuthorizationLevel.Admin))
            throw function.Error($"Authorization level '{trigger.AuthLevel}' is not for functions. Use Anonymous, Function or Admin.");
        if (function.TriggerParameter.ParameterType != typeof(HttpRequest))
            throw function.Error($"Cannot bind parameter '{function.TriggerParameter.Name}' to type {function.TriggerParameter.ParameterType.Name}. An HTTP trigger's parameter must be an HttpRequest.");
        return new HttpTriggerBinding(FunctionRoute.For(function, trigger, options, policies), trigger.AuthLevel, function.Name);
    }
}
