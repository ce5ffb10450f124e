using Larder.Functions.Http;
using Larder.Inference;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Access;

/// <summary>
/// Lets a function run if its caller may call it, and not too often (<see cref="AccessGate"/>). The caller of a request that passes is
/// <see cref="CallerExtensions.Caller"/>. The host checks nothing: every function is anonymous to it.
/// </summary>
internal sealed class AccessMiddleware(
    RoleRequirements functions, AccessGate gate, OriginFilter browsers, CrossOrigin pages, ModelScopes scopes) : IFunctionsWorkerMiddleware
{
    /// <inheritdoc />
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is not { } http)
            return next(context);
        var function = functions.Of(context.FunctionDefinition.Name);
        if (function.IsProbe)
        {
            http.Features.Set(Caller.Anonymous);
            return next(context);
        }

        if (browsers.Refuse(http.Request) is { } sentence)
            return Refuse(context, http, new Identity(null, ErrorKind.Forbidden, sentence));
        if (pages.Answers(http))
        {
            context.GetInvocationResult().Value = new NoContentResult();
            return Task.CompletedTask;
        }
        var decision = gate.DecideAsync(http, context.FunctionDefinition.Name, function);
        return decision.IsCompletedSuccessfully ? Go(context, http, function, decision.Result, next) : GoAsync(context, http, function, decision, next);
    }

    private async Task GoAsync(FunctionContext context, HttpContext http, RoleRequirements.Entry function, ValueTask<Identity> decision, FunctionExecutionDelegate next) =>
        await Go(context, http, function, await decision, next);

    private Task Go(FunctionContext context, HttpContext http, RoleRequirements.Entry function, in Identity decision, FunctionExecutionDelegate next) =>
        decision.Caller is not { } caller ? Refuse(context, http, decision)
        : caller.Scope is null || function.ModelParameter is not { } parameter ? next(context)
        : GoByScopeAsync(context, http, parameter, caller, next);

    private async Task GoByScopeAsync(FunctionContext context, HttpContext http, string parameter, Caller caller, FunctionExecutionDelegate next)
    {
        // What the function is given: the host's values of the route, whatever the request's address looks like here.
        var name = $"{context.BindingContext.BindingData.GetValueOrDefault(parameter)}".Split(':')[0];
        if (await scopes.CoverAsync(caller, name, context.CancellationToken))
            await next(context);
        else
            await Refuse(context, http, new Identity(null, ErrorKind.Forbidden, ModelScopes.Refusal(caller, name)));
    }

    // Not by an exception: to refuse a flood must cost little.
    private static Task Refuse(FunctionContext context, HttpContext http, in Identity refusal)
    {
        if (refusal.Kind == ErrorKind.Unauthenticated)
            http.Response.Headers.WWWAuthenticate = Credential.Challenges;
        if (refusal.RetryAfter > 0)
            http.Response.Headers[HeaderNames.RetryAfter] = $"{refusal.RetryAfter}";
        context.GetInvocationResult().Value = new ErrorAnswer(refusal.Kind, refusal.Sentence);
        return Task.CompletedTask;
    }
}
