using System.Diagnostics;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Prediction;
using Larder.Inference;
using Larder.Inference.Sessions;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Larder.Grpc;

/// <summary>What a method of a gRPC service declares of its callers, as a function does: it is metadata of the method's endpoint.</summary>
/// <param name="Name">Full name of the method.</param>
/// <param name="Entry">The declaration. The model is in the message, so the method itself holds it to the scope of the caller's token.</param>
internal sealed record CallAccess(string Name, RoleRequirements.Entry Entry)
{
    /// <summary>Adds it to an endpoint. One that declares nothing ends the start: nothing is open by oversight.</summary>
    /// <exception cref="InvalidOperationException">It declares nothing, or what cannot be.</exception>
    public static void AddTo(EndpointBuilder endpoint)
    {
        // What answers that there is no such method declares nothing.
        if (endpoint.Metadata.OfType<GrpcMethodMetadata>().LastOrDefault() is not { Method.FullName: var name })
            return;
        var requires = endpoint.Metadata.OfType<RequiresAttribute>().LastOrDefault()
            ?? throw new InvalidOperationException($"The gRPC method {name} does not say who may call it: it lacks [Requires].");
        if (requires is { IsProbe: true, Role: > Role.None })
            throw new InvalidOperationException($"The gRPC method {name} is a probe, but requires a role.");
        if (requires is { Role: > Role.None, Scope: ScopeRule.Route })
            throw new InvalidOperationException($"The gRPC method {name} does not say what it has to do with models: [Requires] needs a Scope.");
        endpoint.Metadata.Add(new CallAccess(name, new RoleRequirements.Entry(requires.Role, requires.IsProbe, requires.Scope, ModelParameter: null)));
    }
}

/// <summary>
/// What a call passes before its message is read, as a request passes the middleware of the functions: request id, access, a line in the log, the budget of bytes in flight.
/// </summary>
internal sealed class CallMiddleware(AccessGate gate, OriginFilter browsers, AccessLog log, SessionCache sessions, PredictionLimits limits, ILogger<CallMiddleware> logger)
{
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";

    // How long a client waits before it tries again by itself (https://github.com/grpc/proposal/blob/master/A6-client-retries.md).
    /// <summary>When a client's retry policy may send the call again, in milliseconds.</summary>
    public const string RetryHeader = "grpc-retry-pushback-ms";

    /// <summary>Answers a request, if it is a call; others go on.</summary>
    public Task InvokeAsync(HttpContext http, RequestDelegate next) => http.GetEndpoint()?.Metadata.GetMetadata<CallAccess>() is { } call ? AnswerAsync(http, call, next) : next(http);

    private async Task AnswerAsync(HttpContext http, CallAccess call, RequestDelegate next)
    {
        var began = Stopwatch.GetTimestamp();
        var scope = RequestIdMiddleware.Begin(http, RequestIdMiddleware.IdOf(http.Request) ?? Guid.NewGuid().ToString());
        using var logged = logger.BeginScope(scope);
        try
        {
            if (await DecideAsync(http, call) is { Caller: null } refusal)
            {
                Refuse(http.Response, refusal);
                return;
            }

            using var memory = new CallMemory(http, sessions.Memory, limits.PredictionBytes);
            await next(http);
        }
        finally
        {
            var status = StatusOf(http);
            log.Write(http, call.Name, $"{status}", status != StatusCode.OK, began);
            scope.End();
        }
    }

    private ValueTask<Identity> DecideAsync(HttpContext http, CallAccess call)
    {
        if (call.Entry.IsProbe)
        {
            http.Features.Set(Caller.Anonymous);
            return new ValueTask<Identity>(new Identity(Caller.Anonymous));
        }

        return browsers.Refuse(http.Request) is { } sentence
            ? new ValueTask<Identity>(new Identity(null, ErrorKind.Forbidden, sentence))
            : gate.DecideAsync(http, call.Name, call.Entry);
    }

    // The answer is its headers alone ("Trailers-Only"). Escaping more than the protocol asks for is allowed.
    private static void Refuse(HttpResponse response, in Identity refusal)
    {
        response.ContentType = "application/grpc";
        response.Headers[StatusHeader] = $"{(int)CallErrors.CodeOf(refusal.Kind)}";
        response.Headers[MessageHeader] = Uri.EscapeDataString(refusal.Sentence);
        if (refusal.RetryAfter > 0)
            response.Headers[RetryHeader] = $"{refusal.RetryAfter * 1000L}";
    }

    private static StatusCode StatusOf(HttpContext http)
    {
        var text = http.Response.Headers[StatusHeader].ToString();
        if (text.Length == 0)
            text = http.Features.Get<IHttpResponseTrailersFeature>()?.Trailers[StatusHeader].ToString() ?? "";
        // Without one the connection was cut.
        return int.TryParse(text, out var code) ? (StatusCode)code : StatusCode.Cancelled;
    }
}
