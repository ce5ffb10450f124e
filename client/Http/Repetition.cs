using System.Net;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace Larder.Client.Http;

/// <summary>Sends requests again that failed for a while and may be repeated.</summary>
internal static class Repetition
{
    /// <summary>Set on a request that has the same effect when it comes twice.</summary>
    public static readonly HttpRequestOptionsKey<bool> IsAllowed = new("Larder.IsRepeatable");

    /// <summary>Puts repetition around a handler.</summary>
    public static HttpMessageHandler Around(HttpMessageHandler inner, LarderClientOptions options)
    {
        if (options.Retries == 0)
            return inner;
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = options.TimeProvider }
            .AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = options.Retries,
                Delay = options.RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldRetryAfterHeader = true,
                ShouldHandle = args => ValueTask.FromResult(
                    args.Context.GetRequestMessage() is { } request
                    && request.Options.TryGetValue(IsAllowed, out var allowed) && allowed
                    && IsTransient(args.Outcome, options)),
            })
            .Build();
        return new ResilienceHandler(pipeline) { InnerHandler = inner };
    }

    private static bool IsTransient(Outcome<HttpResponseMessage> outcome, LarderClientOptions options) => outcome switch
    {
        { Exception: HttpRequestException } => true,
        { Result: { } answer } => answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
            or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
            && !(ErrorAnswer.RetryAfter(answer, options.TimeProvider) > options.MaxRetryAfter),
        _ => false,
    };
}
