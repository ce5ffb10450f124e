using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Azure.Functions.Worker.Embedded.Storage;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// The working set of the one host that runs a task hub: all instances that have not ended, what is due for them, and the workers that see to it.
/// Storage is its log: it is read once, when the host takes the hub over, and from then on written only. Lives as long as the host has the lease.
/// </summary>
internal sealed class TaskHub : IAsyncDisposable
{
    private const int LoadConcurrency = 16;

    private static readonly TimeSpan longestRetry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Instance> instances = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, bool> tracked = [];
    private readonly SemaphoreSlim loading = new(1);
    private readonly Channel<Instance> ready = Channel.CreateUnbounded<Instance>();
    private readonly CancellationTokenSource stop = new();
    private readonly string owner = $"{Guid.NewGuid():N}";
    private Task workers = Task.CompletedTask;

    private readonly HeldLease lease;
    private readonly CancellationToken hostStopping;
    private volatile bool isDraining;

    /// <param name="options">What host.json says.</param>
    /// <param name="store">The hub in storage.</param>
    /// <param name="functions">The application's functions.</param>
    /// <param name="clock">The orchestrations' clock.</param>
    /// <param name="watch">Who waits for instances.</param>
    /// <param name="loggers">Makes loggers.</param>
    /// <param name="lease">What makes this host the one that runs the hub.</param>
    /// <param name="hostStopping">Signalled when the host begins to stop, which its functions are told at that moment.</param>
    public TaskHub(
        HubOptions options,
        HubStore store,
        DurableFunctions functions,
        TimeProvider clock,
        InstanceWatch watch,
        ILoggerFactory loggers,
        HeldLease lease,
        CancellationToken hostStopping)
    {
        this.lease = lease;
        this.hostStopping = hostStopping;
        (Options, Store, Functions, Clock, Watch, Loggers) = (options, store, functions, clock, watch, loggers);
        Log = new HubLog(loggers.CreateLogger("Host.Triggers.DurableTask"));
        Timers = new TimerQueue(clock);
        Activities = new ActivityPump(this);
        Outbox = new OutboxSender(this);
        Inbox = new InboxReader(this);
    }

    /// <summary>What host.json says.</summary>
    public HubOptions Options { get; }

    /// <summary>The hub in storage.</summary>
    public HubStore Store { get; }

    /// <summary>The application's functions.</summary>
    public DurableFunctions Functions { get; }

    /// <summary>The orchestrations' clock.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Who waits for instances.</summary>
    public InstanceWatch Watch { get; }

    /// <summary>Makes orchestrators' loggers.</summary>
    public ILoggerFactory Loggers { get; }

    /// <summary>The engine's own log.</summary>
    public HubLog Log { get; }

    /// <summary>What is due at a time.</summary>
    public TimerQueue Timers { get; }

    /// <summary>The activities.</summary>
    public ActivityPump Activities { get; }

    /// <summary>What instances have for others.</summary>
    public OutboxSender Outbox { get; }

    /// <summary>What clients in other processes ask.</summary>
    public InboxReader Inbox { get; }

    /// <summary>Whether this host is about to give the hub up.</summary>
    public bool IsStopping => isDraining || stop.IsCancellationRequested || hostStopping.IsCancellationRequested;

    /// <summary>Reads what there is to do, and begins to do it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var active = new List<string>();
        await foreach (var (page, _) in Store.Instances.ListAsync("", null, 5000, cancellationToken))
            active.AddRange(page.Where(instance => instance.IsActive).Select(instance => instance.Instance));
        var options = new ParallelOptions { MaxDegreeOfParallelism = LoadConcurrency, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(active, options, async (id, token) =>
        {
            if (await LoadAsync(id, token) is { } loaded)
                instances.TryAdd(id, new Instance(this, loaded.Stored, loaded.History));
        });

        var known = instances.Values.SelectMany(instance => instance.Document.Outbox).Select(message => message.Id).ToHashSet();
        known.UnionWith((await Store.Inbox.ReadAsync(cancellationToken)).Select(entry => entry.Message.Id));
        Log.Recovered(Options.HubName, instances.Count);

        workers = Task.WhenAll(Enumerable.Range(0, Options.MaxOrchestrators).Select(_ => Task.Run(WorkAsync, CancellationToken.None)));
        Activities.Start(stop.Token);
        foreach (var instance in instances.Values)
            instance.Begin(known);
        _ = Track(Inbox.RunAsync);
    }

    /// <summary>Begins nothing new, lets activities that run come to their end, and stores what they give.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        isDraining = true;
        await Activities.DrainAsync(cancellationToken);
        ready.Writer.Complete();
        await workers.WaitAsync(cancellationToken);
    }

    /// <summary>Ends everything at once. What was not stored is not lost: it is found again by whoever runs the hub next.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        Timers.Dispose();
        ready.Writer.TryComplete();
        await Task.WhenAll([workers, .. tracked.Keys]).WaitAsync(patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var instance in instances.Values)
            await instance.LoseAsync();
    }

    /// <summary>An instance that is to be seen to, if there is one; one that another process has stored is taken in.</summary>
    public async ValueTask<Instance?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (instances.TryGetValue(id, out var known))
            return known;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, cancellationToken);
        await loading.WaitAsync(either.Token);
        try
        {
            if (instances.TryGetValue(id, out known))
                return known;
            return await PersistAsync(token => LoadAsync(id, token), either.Token) is { } loaded ? Add(loaded.Stored, loaded.History) : null;
        }
        finally
        {
            loading.Release();
        }
    }

    /// <summary>What this host has last stored of an instance that it sees to; null when it sees to none of that id.</summary>
    public InstanceDocument? Peek(string id) => instances.TryGetValue(id, out var instance) ? instance.Document : null;

    /// <summary>Takes in an instance that this host has just stored.</summary>
    public void Add(StoredInstance stored) => Add(stored, []);

    /// <summary>An instance has nothing left to do.</summary>
    public void Remove(Instance instance) => instances.TryRemove(KeyValuePair.Create(instance.Id, instance));

    /// <summary>A message to an instance will not come again.</summary>
    public void Forget(OutboxMessage message)
    {
        if (message.Kind == OutboxKind.Event)
            Forget(message.Instance, message.Id);
    }

    /// <summary>A message to an instance will not come again.</summary>
    public void Forget(string instance, string messageId)
    {
        if (instances.TryGetValue(instance, out var found))
            found.Forget(messageId);
    }

    /// <summary>An instance has mail.</summary>
    /// <returns>False when nobody will see to it any more.</returns>
    public bool Enqueue(Instance instance) => ready.Writer.TryWrite(instance);

    /// <summary>Reads an instance from storage, and makes it this host's; null when there is nothing to do for it.</summary>
    public async Task<LoadedInstance?> LoadAsync(string id, CancellationToken cancellationToken) =>
        await Store.Instances.ClaimAsync(id, owner, EnsureHeldAsync, cancellationToken) is { } stored
            ? new LoadedInstance(stored, await LoadHistoryAsync(stored.Document, cancellationToken))
            : null;

    /// <summary>
    /// Comes before all that only the host may do that runs the hub. When a process goes on that was stopped, or whose machine slept, its threads do so
    /// before a timer has told that the lease is another's by now: then this does not return until the hub is given up.
    /// </summary>
    public async ValueTask EnsureHeldAsync(CancellationToken cancellationToken)
    {
        if (!lease.IsSurelyHeld && !await lease.EnsureHeldAsync(cancellationToken))
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }

    /// <summary>All episodes of an instance.</summary>
    public async Task<IReadOnlyList<Episode>> LoadHistoryAsync(InstanceDocument document, CancellationToken cancellationToken)
    {
        if (document.IsFinal || document.Segments.Count == 0)
            return document.Tail;
        var older = await Store.Data.ReadSegmentsAsync(document.Segments, cancellationToken);
        older.AddRange(document.Tail);
        return older;
    }

    /// <summary>Does something in storage, again and again while storage is out of reach.</summary>
    public async Task<T> PersistAsync<T>(Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        for (var wait = TimeSpan.FromSeconds(1); ; wait = wait * 2 < longestRetry ? wait * 2 : longestRetry)
        {
            await EnsureHeldAsync(cancellationToken);
            try
            {
                return await action(cancellationToken);
            }
            catch (Exception error) when (StorageErrors.IsTransient(error, cancellationToken))
            {
                Log.StorageUnreachable(error, wait);
            }

            // Storage lives in real time, whatever the orchestrations' clock says.
            await Task.Delay(wait, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Runs something until it ends or the hub is given up.</summary>
    public Task Track(Func<CancellationToken, Task> action)
    {
        var task = Task.Run(async () =>
        {
            try
            {
                await action(stop.Token);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                // It is done again by whoever runs the hub next.
            }
            catch (HubLostException)
            {
                // Likewise.
            }
            catch (Exception error)
            {
                Log.Unexpected(error);
            }
        }, CancellationToken.None);
        tracked.TryAdd(task, true);
        _ = task.ContinueWith(ended => tracked.TryRemove(ended, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }

    private Instance Add(StoredInstance stored, IReadOnlyList<Episode> history)
    {
        var instance = new Instance(this, stored, history);
        if (!instances.TryAdd(instance.Id, instance))
            return instances.TryGetValue(instance.Id, out var other) ? other : Add(stored, history);
        instance.Begin();
        if (stop.IsCancellationRequested)
            _ = instance.LoseAsync();
        return instance;
    }

    private async Task WorkAsync()
    {
        await foreach (var instance in ready.Reader.ReadAllAsync(CancellationToken.None))
        {
            if (stop.IsCancellationRequested)
                return;
            await instance.ProcessAsync(stop.Token);
        }
    }
}
