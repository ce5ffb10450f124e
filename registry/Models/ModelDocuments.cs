using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Storage;

namespace Larder.Registry.Models;

/// <summary>Reads and changes model documents, every change by compare-and-swap.</summary>
/// <param name="store">Where they are.</param>
/// <param name="log">Where the records of their changes go.</param>
/// <param name="written">Told the name of a model whenever its document may have changed.</param>
internal sealed class ModelDocuments(IDocumentStore store, AuditLog log, Action<string> written)
{
    private readonly KeyedLock _turns = new();

    public IDocumentStore Store => store;

    /// <summary>A model's document, also that of a deleted one; null when the name was never used.</summary>
    public Task<Document<ModelDocument>?> FindAsync(string name, CancellationToken cancellationToken) =>
        store.GetAsync(Collections.Models, name, Collections.ModelId, cancellationToken);

    /// <summary>The document of a model that exists.</summary>
    /// <exception cref="NotFoundException">It does not.</exception>
    public async Task<Document<ModelDocument>> GetAsync(string name, CancellationToken cancellationToken)
    {
        var found = await FindAsync(name, cancellationToken);
        return found is { Value.Deleted: false } ? found : throw NoModel(name);
    }

    /// <summary>Changes a model that exists.</summary>
    /// <param name="name">The model.</param>
    /// <param name="ifMatch">The ETag that its document must have; null or <c>*</c> for any, and then races are run again.</param>
    /// <param name="change">What to make of the document; called again for every try. The same instance means that nothing is to be written.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    /// <exception cref="PreconditionFailedException">It has another ETag.</exception>
    public async Task<(ModelDocument Before, Document<ModelDocument> After)> ChangeAsync(
        string name, string? ifMatch, Func<ModelDocument, Task<ModelDocument>> change, CancellationToken cancellationToken)
    {
        var required = ifMatch == "*" ? null : ifMatch;
        ModelDocument? before = null;
        var after = await ChangeAnyAsync(name, TryAsync, cancellationToken);
        return (before!, after!);

        async Task<ModelDocument?> TryAsync(Document<ModelDocument>? read)
        {
            before = read is { Value.Deleted: false } ? read.Value : throw NoModel(name);
            return required is null || required == read.ETag ? await change(before) : throw Changed(name);
        }
    }

    /// <summary>Changes a model, also a deleted one or none; races are run again.</summary>
    /// <param name="name">The model.</param>
    /// <param name="change">
    /// What to make of the document, null when there is none; called again for every try. The same instance, or null, means that nothing is to be written.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>What is there now; null when <paramref name="change"/> answered null.</returns>
    public Task<Document<ModelDocument>?> ChangeAnyAsync(
        string name, Func<Document<ModelDocument>?, Task<ModelDocument?>> change, CancellationToken cancellationToken)
    {
        return _turns.TakeAsync(name, RunAsync, cancellationToken);

        async Task<Document<ModelDocument>?> RunAsync()
        {
            var backoff = new Backoff($"the model {name}");
            while (true)
            {
                var read = await FindAsync(name, cancellationToken);
                if (await change(read) is not { } next)
                    return null;
                if (ReferenceEquals(next, read?.Value))
                    return read;
                try
                {
                    return await WriteAsync(read, next, cancellationToken);
                }
                catch (Exception e) when (e is ETagMismatchException or DocumentExistsException)
                {
                    await backoff.NextAsync(cancellationToken);
                }
            }
        }
    }

    /// <summary>Writes a model document in the place of the one that was read, or of none; then the records that are in it.</summary>
    /// <exception cref="ETagMismatchException">Another one is there now.</exception>
    /// <exception cref="DocumentExistsException">One is there now, where none was.</exception>
    public async Task<Document<ModelDocument>> WriteAsync(
        Document<ModelDocument>? read, ModelDocument next, CancellationToken cancellationToken)
    {
        var known = read?.Value.Outbox ?? new AuditOutbox();
        next = next with { Outbox = await log.PrepareAsync(known, next.Outbox) };
        var stored = await StoreAsync(read, next, cancellationToken);
        await log.TryWriteAsync(next.Outbox, known.Last);
        return stored;
    }

    /// <summary>Puts the records into the log that a crash may have left in a model's document.</summary>
    /// <returns>How many were missing; null when one of them may still be.</returns>
    public Task<int?> CompleteAuditAsync(ModelDocument model) => log.TryWriteAsync(model.Outbox, model.Outbox.Last);

    private async Task<Document<ModelDocument>> StoreAsync(Document<ModelDocument>? read, ModelDocument next, CancellationToken cancellationToken)
    {
        try
        {
            var etag = read is null
                ? await store.CreateAsync(Collections.Models, next.Name, Collections.ModelId, next, cancellationToken)
                : await store.ReplaceAsync(Collections.Models, next.Name, Collections.ModelId, next, read.ETag, cancellationToken);
            return new Document<ModelDocument>(next.Name, Collections.ModelId, etag, next);
        }
        finally
        {
            // Also when it failed: it may be written all the same.
            written(next.Name);
        }
    }

    private static NotFoundException NoModel(string name) => new($"There is no model {name}.");

    private static PreconditionFailedException Changed(string name) =>
        new($"The model {name} has changed since it was read: read it again.");
}
