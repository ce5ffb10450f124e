using Larder.Host.Functions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Larder.Host.Http;

/// <summary>HTTP's part in the host.</summary>
internal sealed class HttpTriggerExtension(HttpOptions options, ParameterPolicyFactory policies) : ITriggerExtension
{
    public Type AttributeType => typeof(HttpTriggerAttribute);

    public ITriggerBinding Bind(HostFunction function)
    {
        var trigger = (HttpTriggerAttribute)function.Trigger;
        if (LevelOf(function) is var level and not AuthorizationLevel.Anonymous)
            throw function.Error($"Authorization level '{level}' is not supported: this host has no keys. Use Anonymous; the application authenticates its callers.");
        if (function.TriggerParameter.ParameterType != typeof(HttpRequest))
            throw function.Error($"Cannot bind parameter '{function.TriggerParameter.Name}' to type {function.TriggerParameter.ParameterType.Name}. An HTTP trigger's parameter must be an HttpRequest.");
        return new HttpTriggerBinding(FunctionRoute.For(function, trigger, options, policies), function.Name);
    }

    // Where the attribute gives no level, its property says Anonymous, but the Functions host asks for a key.
    private static AuthorizationLevel LevelOf(HostFunction function) =>
        function.TriggerParameter.GetCustomAttributesData()
            .Single(attribute => attribute.AttributeType == typeof(HttpTriggerAttribute))
            .ConstructorArguments
            .Where(argument => argument.ArgumentType == typeof(AuthorizationLevel))
            .Select(argument => (AuthorizationLevel)(int)argument.Value!)
            .DefaultIfEmpty(AuthorizationLevel.Function)
            .First();
}
