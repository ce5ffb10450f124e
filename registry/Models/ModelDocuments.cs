namespace Larder.Registry;

/// <summary>Reads and changes model documents, every change by compare-and-swap.</summary>
/// <param name="store">Where they are.</param>
/// <param name="log">Where the records of their changes go.</param>
/// <param name="written">Told the name of a model whenever its document may have changed.</param>
internal sealed class ModelDocuments(IDocumentStore store, AuditLog log, Action<string> written)
{
    public IDocumentStore Store => store;

    /// <summary>A model's document, also that of a deleted one; null when the name was never used.</summary>
    public Task<Document<ModelDocument>?> FindAsync(string name, CancellationToken cancellation) =>
        store.GetAsync(Collections.Models, name, Collections.ModelId, cancellation);

    /// <summary>The document of a model that exists.</summary>
    /// <exception cref="NotFoundException">It does not.</exception>
    public async Task<Document<ModelDocument>> GetAsync(string name, CancellationToken cancellation)
    {
        var found = await FindAsync(name, cancellation);
        return found is { Value.Deleted: false } ? found : throw new NotFoundException($"There is no model {name}.");
    }

    /// <summary>Changes a model that exists.</summary>
    /// <param name="name">The model.</param>
    /// <param name="ifMatch">The ETag that its document must have; null or <c>*</c> for any, and then races are run again.</param>
    /// <param name="change">What to make of the document; called again for every try. The same instance means that nothing is to be written.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    /// <exception cref="PreconditionFailedException">It has another ETag.</exception>
    public async Task<(ModelDocument Before, Document<ModelDocument> After)> ChangeAsync(
        string name, string? ifMatch, Func<ModelDocument, Task<ModelDocument>> change, CancellationToken cancellation)
    {
        var required = ifMatch == "*" ? null : ifMatch;
        var backoff = new Backoff($"the model {name}");
        while (true)
        {
            var read = await GetAsync(name, cancellation);
            if (required is not null && required != read.ETag)
                throw Changed(name);
            var next = await change(read.Value);
            if (ReferenceEquals(next, read.Value))
                return (read.Value, read);
            try
            {
                return (read.Value, await WriteAsync(read, next, cancellation));
            }
            catch (ETagMismatchException)
            {
                if (required is not null)
                    throw Changed(name);
                await backoff.NextAsync(cancellation);
            }
        }
    }

    /// <summary>Writes a model document in the place of the one that was read, or of none; then the records that are in it.</summary>
    /// <exception cref="PreconditionFailedException">Another one is there now.</exception>
    /// <exception cref="ConflictException">One is there now, where none was.</exception>
    public async Task<Document<ModelDocument>> WriteAsync(
        Document<ModelDocument>? read, ModelDocument next, CancellationToken cancellation)
    {
        var known = read?.Value.Outbox ?? new AuditOutbox();
        next = next with { Outbox = await log.PrepareAsync(known, next.Outbox) };
        var stored = await StoreAsync(read, next, cancellation);
        await log.TryWriteAsync(next.Outbox, known.Last);
        return stored;
    }

    /// <summary>Puts the records into the log that a crash may have left in a model's document.</summary>
    /// <returns>How many were missing; null when one of them may still be.</returns>
    public Task<int?> CompleteAuditAsync(ModelDocument model) => log.TryWriteAsync(model.Outbox, model.Outbox.Last);

    private async Task<Document<ModelDocument>> StoreAsync(Document<ModelDocument>? read, ModelDocument next, CancellationToken cancellation)
    {
        try
        {
            var etag = read is null
                ? await store.CreateAsync(Collections.Models, next.Name, Collections.ModelId, next, cancellation)
                : await store.ReplaceAsync(Collections.Models, next.Name, Collections.ModelId, next, read.ETag, cancellation);
            return new Document<ModelDocument>(next.Name, Collections.ModelId, etag, next);
        }
        finally
        {
            // Also when it failed: it may be written all the same.
            written(next.Name);
        }
    }

    private static PreconditionFailedException Changed(string name) =>
        new($"The model {name} has changed since it was read: read it again.");
}
