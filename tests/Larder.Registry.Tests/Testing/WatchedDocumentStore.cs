using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Registry.Tests.Testing;

/// <summary>A document store whose reads are counted, and can be held up or made to fail.</summary>
internal sealed class WatchedDocumentStore(IDocumentStore store) : DocumentStoreWrapper(store)
{
    private volatile TaskCompletionSource? _gate;
    private int _modelReads;

    /// <summary>Reads of model documents so far: one for each reference that is resolved.</summary>
    public int ModelReads => Volatile.Read(ref _modelReads);

    /// <summary>The storage account does not answer.</summary>
    public bool IsDown { get; set; }

    /// <summary>Holds every answer to a read of a model until it is told to let them go. What they answer is read before.</summary>
    public TaskCompletionSource HoldModels() => _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public override async Task<Document<T>?> GetAsync<T>(
        DocumentCollection<T> collection, string partition, string id, CancellationToken cancellationToken)
    {
        var (hold, isModel) = (_gate, collection.Name == "models");
        if (IsDown)
            throw new StorageUnavailableException("The storage account does not answer.");
        var read = await base.GetAsync(collection, partition, id, cancellationToken);
        if (isModel)
        {
            Interlocked.Increment(ref _modelReads);
            if (hold is not null)
                await hold.Task;
        }

        return read;
    }
}
