using Larder.Host.Functions;
using Larder.Host.Invocation;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Blobs;

/// <summary>Handles one blob at a time: claim, try up to five times, poison. What it leaves undone it does when asked again.</summary>
internal sealed partial class BlobHandler(
    HostFunction function,
    FunctionDispatcher dispatcher,
    BlobReceipts receipts,
    PoisonQueue poison,
    BlobsOptions options,
    TimeProvider clock,
    ILogger logger,
    CancellationToken hostStopping)
{
    // The Functions host tries again at once. Pauses give a busy storage time; with five tries they are three seconds together.
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Type _contentType = function.TriggerParameter.ParameterType;
    private readonly string _source = $"{((BlobTriggerAttribute)function.Trigger).Source}";

    /// <summary>Handles a blob, unless it was handled already or is another host's.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="stop">Ends the function and the pauses between tries.</param>
    /// <returns>True when nothing is left to do, ever.</returns>
    public async Task<bool> HandleAsync(FoundBlob blob, CancellationToken stop)
    {
        var (isCompleted, claim) = await receipts.TryClaimAsync(blob, stop);
        if (claim is null)
            return isCompleted;

        await using (claim)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, claim.Lost);
            for (var pause = FirstPause; claim.Tries < options.PoisonBlobThreshold; pause = pause < LongestPause ? pause * 2 : pause)
            {
                var outcome = await TryAsync(blob, claim, either.Token);
                if (outcome is not Outcome.Failed)
                    return outcome is Outcome.Completed;
                if (claim.Tries < options.PoisonBlobThreshold)
                    await Task.Delay(pause, clock, either.Token);
            }

            await poison.SendAsync(function, blob, either.Token);
            LogPoison(blob.Path, options.PoisonBlobThreshold, function.Name, PoisonQueue.Name);
            return await claim.CompleteAsync(either.Token);
        }
    }

    private async Task<Outcome> TryAsync(FoundBlob blob, BlobClaim claim, CancellationToken either)
    {
        var content = await BlobContent.OpenAsync(blob, _contentType, either);
        await using var stream = content as Stream;
        if (content is null)
            return await claim.CompleteAsync(either) ? Outcome.Completed : Outcome.Lost;
        if (!await claim.BeginTryAsync(either))
            return Outcome.Lost;

        try
        {
            var bindingData = blob.CreateBindingData();
            var invocation = new TriggerInvocation(
                new BlobTriggerData(content, bindingData),
                $"New blob detected({_source}): {blob.Path}",
                bindingData,
                RetryCount: claim.Tries - 1,
                MaxRetryCount: options.PoisonBlobThreshold - 1);
            await dispatcher.InvokeAsync(function, invocation, either);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested || hostStopping.IsCancellationRequested)
        {
            // The host stops: that was no try. (The stop reaches the function on more than one way, and may do so before it reaches
            // this.) A claim that is lost is not ours to write to.
            await claim.ForgetTryAsync(claim.Lost);
            throw;
        }
        catch (Exception)
        {
            // The dispatcher has logged it.
            return Outcome.Failed;
        }

        // Also when the host is being stopped meanwhile: the function has done its work.
        if (await claim.CompleteAsync(claim.Lost))
            return Outcome.Completed;
        LogLost(blob.Path, function.Name);
        return Outcome.Lost;
    }

    [LoggerMessage(1, LogLevel.Error, "Blob '{Path}' has failed {Tries} times in function '{Function}'. A message about it was moved to the queue '{Queue}'.")]
    private partial void LogPoison(string path, int tries, string function, string queue);

    [LoggerMessage(2, LogLevel.Warning, "Function '{Function}' has handled blob '{Path}', but its claim on it was lost meanwhile: it may be handled again.")]
    private partial void LogLost(string path, string function);

    private enum Outcome
    {
        Completed,
        Failed,
        Lost,
    }
}
