using System.Diagnostics;
using Larder.Inference.Batching;
using Larder.Inference.Tensors;

namespace Larder.Inference.Sessions;

/// <summary>Spans of loading and running models, for distributed traces. Without a listener each is null and costs a field read.</summary>
internal static class InferenceSpans
{
    private static readonly ActivitySource Source = new("Larder.Inference");

    /// <summary>Whether traces are collected.</summary>
    public static bool AreCollected => Source.HasListeners();

    /// <summary>A model is fetched and its session built.</summary>
    public static Activity? Load(ServableModel model) => Describe(Source.StartActivity("model load"), model);

    /// <summary>A request waits for its run, and for the run itself.</summary>
    public static Activity? Wait(ServableModel model) => Describe(Source.StartActivity("model wait"), model);

    /// <summary>A session runs. It is part of the first request's trace, whichever thread it is on; the other requests are linked.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="members">The requests that waited for the run; empty if it runs on the caller's thread.</param>
    public static Activity? Run(ServableModel model, PredictionInputs inputs, IReadOnlyList<QueuedRun> members)
    {
        if (!AreCollected)
            return null;
        var span = members is [var first, ..]
            ? Source.StartActivity("model run", ActivityKind.Internal, ContextOf(first), links: members.Skip(1).Select(other => new ActivityLink(ContextOf(other))))
            : Source.StartActivity("model run");
        return Describe(span, model)?.SetTag("larder.run.rows", inputs.Rows).SetTag("larder.run.requests", Math.Max(1, members.Count));
    }

    /// <summary>Marks a span as failed.</summary>
    public static void Fail(Activity? span, Exception failure) =>
        span?.SetStatus(ActivityStatusCode.Error, failure.Message).SetTag("error.type", failure.GetType().FullName);

    private static ActivityContext ContextOf(QueuedRun run) => run.Caller?.Context ?? default;

    private static Activity? Describe(Activity? span, ServableModel model) =>
        span?.SetTag("larder.model.name", model.Name).SetTag("larder.model.version", model.Version);
}
