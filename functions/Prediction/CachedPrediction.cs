using System.Diagnostics;
using System.Globalization;
using Larder.Inference.Batching;
using Larder.Inference.Caching;
using Larder.Inference.Sessions;
using Larder.Inference.Tensors;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Prediction;

/// <summary>
/// A prediction of a model that keeps its responses: answered with the outputs of an earlier run, or run and kept, for all protocols. The caller can ask for a run by <c>Cache-Control</c>
/// (RFC 9111, section 5.2.1), and is told by <c>Cache-Status</c> (RFC 9211) what came of it.
/// </summary>
internal static class CachedPrediction
{
    /// <summary>Response header that says whether the outputs are those of an earlier run.</summary>
    public const string StatusHeader = "Cache-Status";

    private const string Hit = "Larder; hit; ttl=";
    private const string Miss = "Larder; fwd=miss";
    private const string Stored = "Larder; fwd=miss; stored";
    private const string Refused = "Larder; fwd=request";

    /// <summary>Gets the outputs, of a run where the model keeps no responses.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">The inputs, filled.</param>
    /// <param name="deadline">Until when the caller wants the outputs.</param>
    /// <param name="http">The request, and the answer that gets the header.</param>
    /// <param name="cancellationToken">Ends the wait for a run.</param>
    public static ValueTask<PredictionOutputs> RunAsync(LoadedModel model, PredictionInputs inputs, in Deadline deadline, HttpContext http, CancellationToken cancellationToken)
    {
        if (model.Responses is not { } responses)
            return model.RunAsync(inputs, deadline, cancellationToken);
        if (MostAge(http.Request) is { } most)
            return RunAsync(model, responses, most, inputs, deadline, http, cancellationToken);
        Say(http.Response, Refused);
        return model.RunAsync(inputs, deadline, cancellationToken);
    }

    private static async ValueTask<PredictionOutputs> RunAsync(
        LoadedModel model, ModelResponses responses, TimeSpan most, PredictionInputs inputs, Deadline deadline, HttpContext http, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var key = ResponseKey.Of(inputs);
        if (responses.Find(key, most, out var age) is { } found)
        {
            Say(http.Response, string.Create(CultureInfo.InvariantCulture, $"{Hit}{(int)(responses.Lifetime - age).TotalSeconds}"));
            found.Cache = new CacheUse(IsHit: true, Stopwatch.GetElapsedTime(began));
            return found;
        }

        var looked = Stopwatch.GetElapsedTime(began);
        var outputs = await model.RunAsync(inputs, deadline, cancellationToken);
        try
        {
            began = Stopwatch.GetTimestamp();
            Say(http.Response, responses.TryAdd(key, outputs) ? Stored : Miss);
            outputs.Cache = new CacheUse(IsHit: false, looked + Stopwatch.GetElapsedTime(began));
            return outputs;
        }
        catch
        {
            outputs.Dispose();
            throw;
        }
    }

    // The highest age that the caller takes; null for no cached response. What cannot be read may ask for a run.
    private static TimeSpan? MostAge(HttpRequest request)
    {
        var header = request.Headers.CacheControl;
        if (header.Count == 0)
            return TimeSpan.MaxValue;
        return CacheControlHeaderValue.TryParse(header.ToString(), out var control) && control is { NoCache: false, NoStore: false } ? control.MaxAge ?? TimeSpan.MaxValue : null;
    }

    // The answers of a gRPC stream share their headers.
    private static void Say(HttpResponse response, string status)
    {
        if (!response.HasStarted)
            response.Headers[StatusHeader] = status;
    }
}
