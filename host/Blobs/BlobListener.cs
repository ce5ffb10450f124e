using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Larder.Host.Functions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Blobs;

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

    private readonly HostFunction _function;
    private readonly BlobPathPattern _path;
    private readonly BlobContainerClient _container;
    private readonly BlobReceipts _receipts;
    private readonly BlobHandler _handler;
    private readonly SemaphoreSlim _slots;
    private readonly BlobsOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly HandledBlobs _handled = new();
    private readonly ConcurrentDictionary<UInt128, Task> _underWay = [];
    private readonly CancellationToken _hostStopping;
    private readonly CancellationTokenSource _stopping;

    private DateTimeOffset _receiptsListed = DateTimeOffset.MinValue;
    private Task _running = Task.CompletedTask;

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
        (_function, _path, _container, _receipts, _handler) = (function, path, container, receipts, handler);
        (_slots, _options, _clock, _logger) = (slots, options, clock, logger);
        _hostStopping = lifetime.ApplicationStopping;
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(_hostStopping);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = RunAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(cancellationToken);
        await Task.WhenAll(_underWay.Values).WaitAsync(cancellationToken);
    }

    private async Task RunAsync(CancellationToken stop)
    {
        var longest = _options.MaxPollingInterval;
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
                LogSweepFailed(error, _container.Name, _function.Name);
                interval = Min(interval * 2, longest);
            }

            await Task.Delay(interval, _clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Whether there was something to look at closer: then more may be on its way.
    private async Task<bool> SweepAsync(CancellationToken stop)
    {
        // Also when the clock was set back by more.
        if ((_clock.GetUtcNow() - _receiptsListed).Duration() >= ReceiptsInterval)
        {
            var asked = _clock.GetUtcNow();
            _handled.Reset(await _receipts.ListCompletedAsync(stop));
            _receiptsListed = asked;
        }

        var found = false;
        try
        {
            var pages = _container.GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Metadata, Prefix = _path.Prefix }, stop).AsPages(pageSizeHint: PageSize);
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

        _handled.EndSweep();
        return found;
    }

    private async Task<bool> ConsiderAsync(BlobItem item, CancellationToken stop)
    {
        if (!_path.TryMatch(item.Name, out var values))
            return false;
        var blob = new FoundBlob(_container.GetBlobClient(item.Name), item, values);
        var key = HandledBlobs.Key(_receipts.NameOf(blob));
        if (_handled.Contains(key) || _underWay.ContainsKey(key))
            return false;

        await _slots.WaitAsync(stop);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _underWay[key] = done.Task;
        _ = HandleAsync(blob, key, done, stop);
        return true;
    }

    private async Task HandleAsync(FoundBlob blob, UInt128 key, TaskCompletionSource done, CancellationToken stop)
    {
        try
        {
            if (await _handler.HandleAsync(blob, stop))
                _handled.Add(key);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested || _hostStopping.IsCancellationRequested)
        {
            // The next start goes on with it.
        }
        catch (Exception error)
        {
            // Storage or a lost claim: the blob is found again.
            LogHandlingFailed(error, blob.Path, _function.Name);
        }
        finally
        {
            _underWay.TryRemove(key, out _);
            _slots.Release();
            done.SetResult();
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    [LoggerMessage(1, LogLevel.Warning, "The container '{Container}' of function '{Function}' could not be listed; it is looked at again soon.")]
    private partial void LogSweepFailed(Exception error, string container, string function);

    [LoggerMessage(2, LogLevel.Warning, "Blob '{Path}' of function '{Function}' could not be handled; it is tried again soon.")]
    private partial void LogHandlingFailed(Exception error, string path, string function);
}
