using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host;

/// <summary>
/// Looks for one function's blobs by listing, page after page, and hands each that may be new to the handler. While all handlers are
/// busy the listing waits, so that a container of any size takes one page of memory.
/// </summary>
internal sealed partial class BlobListener : IFunctionListener
{
    private const int PageSize = 1000;

    // Between two looks while there is work; it doubles up to a setting while there is none.
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);

    // How soon a blob whose receipt was deleted is handled again.
    private static readonly TimeSpan ReceiptsInterval = TimeSpan.FromMinutes(5);

    private readonly HostFunction function;
    private readonly BlobPathPattern path;
    private readonly BlobContainerClient container;
    private readonly BlobReceipts receipts;
    private readonly BlobHandler handler;
    private readonly SemaphoreSlim slots;
    private readonly BlobsOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly HandledBlobs handled = new();
    private readonly ConcurrentDictionary<UInt128, Task> underWay = [];
    private readonly CancellationToken hostStopping;
    private readonly CancellationTokenSource stopping;

    private DateTimeOffset receiptsListed = DateTimeOffset.MinValue;
    private Task running = Task.CompletedTask;

    /// <param name="function">The function.</param>
    /// <param name="path">Its path.</param>
    /// <param name="container">The container of its path.</param>
    /// <param name="receipts">Its receipts.</param>
    /// <param name="handler">What handles a blob.</param>
    /// <param name="slots">One for each blob that may be handled at a time, by all functions of the host together.</param>
    /// <param name="options">host.json's part.</param>
    /// <param name="clock">When to look.</param>
    /// <param name="lifetime">When to stop.</param>
    /// <param name="logger">Where to tell.</param>
    public BlobListener(
        HostFunction function,
        BlobPathPattern path,
        BlobContainerClient container,
        BlobReceipts receipts,
        BlobHandler handler,
        SemaphoreSlim slots,
        BlobsOptions options,
        TimeProvider clock,
        IHostApplicationLifetime lifetime,
        ILogger logger)
    {
        (this.function, this.path, this.container, this.receipts, this.handler) = (function, path, container, receipts, handler);
        (this.slots, this.options, this.clock, this.logger) = (slots, options, clock, logger);
        hostStopping = lifetime.ApplicationStopping;
        stopping = CancellationTokenSource.CreateLinkedTokenSource(hostStopping);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        running = RunAsync(stopping.Token);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await running.WaitAsync(cancellationToken);
        await Task.WhenAll(underWay.Values).WaitAsync(cancellationToken);
    }

    private async Task RunAsync(CancellationToken stop)
    {
        var longest = options.MaxPollingInterval;
        var shortest = ShortestInterval < longest ? ShortestInterval : longest;
        var interval = shortest;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                interval = await SweepAsync(stop) ? shortest : Min(interval * 2, longest);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // Storage, most likely. It comes back.
                LogSweepFailed(error, container.Name, function.Name);
                interval = Min(interval * 2, longest);
            }

            await Task.Delay(interval, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Whether there was something to look at closer: then more may be on its way.
    private async Task<bool> SweepAsync(CancellationToken stop)
    {
        if (clock.GetUtcNow() - receiptsListed >= ReceiptsInterval)
        {
            var asked = clock.GetUtcNow();
            handled.Reset(await receipts.ListCompletedAsync(stop));
            receiptsListed = asked;
        }

        var found = false;
        try
        {
            var pages = container.GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Metadata, Prefix = path.Prefix }, stop).AsPages(pageSizeHint: PageSize);
            await foreach (var page in pages)
            {
                foreach (var item in page.Values)
                    found |= await ConsiderAsync(item, stop);
            }
        }
        catch (RequestFailedException error) when (error.ErrorCode == "ContainerNotFound")
        {
            // It may come yet.
        }

        handled.EndSweep();
        return found;
    }

    private async Task<bool> ConsiderAsync(BlobItem item, CancellationToken stop)
    {
        if (!path.TryMatch(item.Name, out var values))
            return false;
        var blob = new FoundBlob(container.GetBlobClient(item.Name), item, values);
        var key = HandledBlobs.Key(receipts.NameOf(blob));
        if (handled.Contains(key) || underWay.ContainsKey(key))
            return false;

        await slots.WaitAsync(stop);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        underWay[key] = done.Task;
        _ = HandleAsync(blob, key, done, stop);
        return true;
    }

    private async Task HandleAsync(FoundBlob blob, UInt128 key, TaskCompletionSource done, CancellationToken stop)
    {
        try
        {
            if (await handler.HandleAsync(blob, stop))
                handled.Add(key);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested || hostStopping.IsCancellationRequested)
        {
            // The next start goes on with it.
        }
        catch (Exception error)
        {
            // Storage or a lost claim: the blob is found again.
            LogHandlingFailed(error, blob.Path, function.Name);
        }
        finally
        {
            underWay.TryRemove(key, out _);
            slots.Release();
            done.SetResult();
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    [LoggerMessage(1, LogLevel.Warning, "The container '{Container}' of function '{Function}' could not be listed; it is looked at again soon.")]
    private partial void LogSweepFailed(Exception error, string container, string function);

    [LoggerMessage(2, LogLevel.Warning, "Blob '{Path}' of function '{Function}' could not be handled; it is tried again soon.")]
    private partial void LogHandlingFailed(Exception error, string path, string function);
}
