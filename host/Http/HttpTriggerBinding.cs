using System.Linq.Expressions;
using System.Reflection;
using Larder.Host.Functions;
using Larder.Host.Invocation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Abstractions;

namespace Larder.Host.Http;

/// <summary>A function's HTTP trigger: request, and values of the route or the query by parameter name.</summary>
internal sealed class HttpTriggerBinding(FunctionRoute route, string function) : ITriggerBinding
{
    public string Type => "httpTrigger";

    public FunctionRoute Route { get; } = route;

    /// <summary>What an IActionResult is told of the action that it is the result of.</summary>
    public ActionDescriptor Action { get; } = new() { DisplayName = function };

    public string Describe(string baseAddress) =>
        $"{(Route.Methods.Count > 0 ? $"[{string.Join(",", Route.Methods)}] " : "")}{baseAddress}/{Route.Text}";

    public Expression? BindParameter(ParameterInfo parameter, Expression context)
    {
        var http = Expression.Convert(context, typeof(HttpFunctionContext));
        return parameter.ParameterType == typeof(HttpRequest)
            ? Expression.Property(Expression.Property(http, nameof(HttpFunctionContext.HttpContext)), nameof(HttpContext.Request))
            : HttpValue.Read(parameter, http);
    }

    public IFunctionListener? CreateListener(FunctionDispatcher dispatcher) => null;
}
