using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace Larder.Host;

/// <summary>
/// Makes the answer of a request from what its function returned. As the official integration does, it knows IActionResult and IResult; anything
/// else leaves the response as the function made it.
/// </summary>
internal static partial class HttpAnswer
{
    /// <summary>A middleware that writes the answer once what follows it has ended.</summary>
    public static FunctionExecutionDelegate Write(FunctionExecutionDelegate next) => context =>
    {
        if (context is not HttpFunctionContext http)
            return next(context);
        var running = next(context);
        return running.IsCompletedSuccessfully ? WriteAsync(http) : WaitAndWriteAsync(running, http);
    };

    private static async Task WaitAndWriteAsync(Task running, HttpFunctionContext context)
    {
        await running;
        await WriteAsync(context);
    }

    /// <summary>Writes the answer, unless that was done already.</summary>
    public static Task WriteAsync(HttpFunctionContext context)
    {
        if (context.Answered)
            return Task.CompletedTask;
        context.Answered = true;
        switch (context.ResultValue)
        {
            case IResult result:
                return result.ExecuteAsync(context.HttpContext);
            case EmptyResult or null:
                return Task.CompletedTask;
            case IActionResult result:
                var binding = (HttpTriggerBinding)context.Function.Binding;
                return result.ExecuteResultAsync(new ActionContext(context.HttpContext, context.HttpContext.GetRouteData(), binding.Action));
            case var other:
                NotAnAnswer(context.Function.Logger, context.Function.Name, other.GetType().Name);
                return Task.CompletedTask;
        }
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "No HTTP response returned from function '{Function}': its result, a {Type}, is neither an IActionResult nor an IResult.")]
    private static partial void NotAnAnswer(ILogger logger, string function, string type);
}
