namespace Larder.Inference.Sessions;

/// <summary>One model of the <see cref="SessionCache"/>: being loaded, loaded, or failed. Changes under the cache's lock.</summary>
internal sealed class CacheEntry(ServableModel model)
{
    private LoadedModel? _loaded;

    public ServableModel Model { get; } = model;

    /// <summary>The load, shared by everyone who waits for it.</summary>
    public Task<LoadedModel> Load { get; set; } = null!;

    /// <summary>The loaded model, once there is one; read without the lock.</summary>
    public LoadedModel? Loaded
    {
        get => Volatile.Read(ref _loaded);
        set => Volatile.Write(ref _loaded, value);
    }

    /// <summary>Timestamp from which a failed load may be tried again.</summary>
    public long RetryAt { get; set; }

    /// <summary>Bytes of the budget that it holds.</summary>
    public long ReservedBytes { get; set; }

    /// <summary>Completes when its reservation has become a session or is given back.</summary>
    public TaskCompletionSource Reserved { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>It was unloaded or evicted.</summary>
    public bool Removed { get; set; }
}
