using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Hosting;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Inference;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;

namespace Larder.Functions.Operations;

/// <summary>Probes for load balancers and orchestrators.</summary>
public sealed class Health(Readiness readiness)
{
    /// <summary>200 while the process serves requests; never calls the network.</summary>
    [Function("Live"), Requires(Role.None, IsProbe = true), Description("Liveness.")]
    [Answers(typeof(Answer))]
    public IActionResult Live([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "healthz")] HttpRequest request) =>
        Envelope.Ok("Live");

    /// <summary>The same in the Open Inference Protocol V2.</summary>
    [Function("LiveV2"), Requires(Role.None, IsProbe = true), Description("Liveness, in the Open Inference Protocol V2.")]
    [Answers(typeof(LiveAnswer))]
    public IActionResult LiveV2([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/health/live")] HttpRequest request) =>
        new PlainAnswer(new LiveAnswer(true));

    /// <summary>200 when storage answers, the containers for dropped files are there and the models of <c>Preload</c> are loaded; else 503 with the reasons, and from the moment at which the server is asked to stop. After a restart also until the models are loaded that had requests before, for a while.</summary>
    [Function("Ready"), Requires(Role.None, IsProbe = true), Description("Readiness: storage answers, Preload and recent models are loaded.")]
    [Answers(typeof(Answer)), Answers(typeof(NotReadyAnswer), StatusCodes.Status503ServiceUnavailable)]
    public async Task<IActionResult> Ready(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "readyz")] HttpRequest request,
        CancellationToken cancellationToken) => await readiness.WaitingForAsync(cancellationToken) is { Count: > 0 } waitingFor
        ? new Envelope(StatusCodes.Status503ServiceUnavailable, "Not ready", new NotReadyAnswer { WaitingFor = waitingFor })
        : Envelope.Ok("Ready");

    /// <summary>The same in the Open Inference Protocol V2.</summary>
    [Function("ReadyV2"), Requires(Role.None, IsProbe = true), Description("Readiness, in the Open Inference Protocol V2.")]
    [Answers(typeof(ReadyAnswer))]
    public async Task<IActionResult> ReadyV2([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "v2/health/ready")] HttpRequest request, CancellationToken cancellationToken) =>
        await readiness.WaitingForAsync(cancellationToken) is { Count: > 0 } waitingFor
            ? new ErrorAnswer(ErrorKind.Unavailable, $"Not ready: {string.Join("; ", waitingFor)}.")
            : new PlainAnswer(new ReadyAnswer(true));
}

/// <summary>Whether this server can serve, and what it waits for.</summary>
public sealed class Readiness(ModelRegistry registry, IArtifactStore artifacts, DropContainers drops, Preloader preloader, RecentModels recent, IHostApplicationLifetime lifetime)
{
    /// <summary>How long storage may take to answer the readiness probe.</summary>
    private static readonly TimeSpan StorageTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The hash of no artifact. Asking for it tells whether the storage of artifacts answers, which may be another one than that of documents.</summary>
    private static readonly string NoArtifact = new('0', 64);

    /// <summary>What it waits for, each as part of a sentence; nothing when it is ready.</summary>
    public async Task<IReadOnlyList<string>> WaitingForAsync(CancellationToken cancellationToken)
    {
        // First of all, and at once: a load balancer is to send no more requests.
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return ["the server is being stopped"];
        var waitingFor = preloader.NotLoaded.Select(reference => $"model {reference}: {preloader.StateOf(reference)}").ToList();
        if (recent.AreWarming)
            waitingFor.Add("the models that had requests before the restart are being loaded");
        if (!drops.AreThere)
            waitingFor.Insert(0, "the containers for dropped files are not there yet");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StorageTimeout);
        try
        {
            await registry.ListAsync(1, cancellationToken: timeout.Token);
            await artifacts.GetPropertiesAsync(NoArtifact, timeout.Token);
        }
        catch (Exception exception) when (exception is StorageUnavailableException || timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            waitingFor.Insert(0, "storage does not answer");
        }
        return waitingFor;
    }
}
