namespace Microsoft.DurableTask.Embedded;

/// <summary>An orchestration's events: those that came before somebody waited for them, and those that wait.</summary>
internal sealed class ExternalEvents
{
    private readonly Dictionary<string, LinkedList<IWaiter>> waiters = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Arrival> kept = [];

    private interface IWaiter
    {
        Type Type { get; }

        void Complete(string? value);
    }

    /// <summary>Whether somebody waits.</summary>
    public bool IsAwaited => waiters.Count > 0;

    /// <summary>Events that nobody has waited for, in the order in which they came.</summary>
    public IReadOnlyList<Arrival> Kept => kept;

    /// <summary>An event has come: it goes to whoever began to wait last, or is kept.</summary>
    public void Raise(Arrival arrival)
    {
        if (!waiters.TryGetValue(arrival.Name!, out var waiting))
        {
            kept.Add(arrival);
            return;
        }

        var waiter = waiting.First!;
        Remove(arrival.Name!, waiter);
        waiter.Value.Complete(arrival.Value?.Text);
    }

    /// <summary>Waits for an event.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="onCancel">Does something when the token is cancelled.</param>
    /// <exception cref="ArgumentException">Somebody waits for events of that name already, with values of another type.</exception>
    public Task<T> WaitAsync<T>(string name, CancellationToken cancellationToken, Action<CancellationToken, Action> onCancel)
    {
        if (waiters.TryGetValue(name, out var waiting) && waiting.First!.Value.Type != typeof(T))
        {
            throw new ArgumentException(
                $"Events of one name must be waited for with one type: '{name}' is waited for as {waiting.First.Value.Type} already, and now as {typeof(T)}.", nameof(name));
        }

        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellationToken);
        var waiter = new Waiter<T>();
        var index = kept.FindIndex(arrival => string.Equals(arrival.Name, name, StringComparison.OrdinalIgnoreCase));
        if (index >= 0)
        {
            waiter.Complete(kept[index].Value?.Text);
            kept.RemoveAt(index);
            return waiter.Task;
        }

        if (waiting is null)
            waiters.Add(name, waiting = new());
        var node = waiting.AddFirst(waiter);
        onCancel(cancellationToken, () =>
        {
            if (node.List is null)
                return;

            // One that is cancelled must not swallow an event that comes later.
            Remove(name, node);
            waiter.TrySetCanceled(cancellationToken);
        });
        return waiter.Task;
    }

    private void Remove(string name, LinkedListNode<IWaiter> node)
    {
        var list = node.List!;
        list.Remove(node);
        if (list.Count == 0)
            waiters.Remove(name);
    }

    private sealed class Waiter<T> : TaskCompletionSource<T>, IWaiter
    {
        public Type Type => typeof(T);

        public void Complete(string? value)
        {
            try
            {
                SetResult(Converters.JsonDataConverter.Default.Deserialize<T>(value)!);
            }
            catch (Exception error) when (error is System.Text.Json.JsonException or NotSupportedException)
            {
                SetException(error);
            }
        }
    }
}
