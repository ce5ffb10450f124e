using System.Text.Json;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Tokens;

/// <summary>The tokens' documents. A token is created and revoked with an audit record, in one write with it.</summary>
/// <remarks>All methods throw <see cref="StorageUnavailableException"/> during an outage.</remarks>
public sealed class TokenStore
{
    /// <summary>The most items that one page of a list has.</summary>
    public const int MaxPage = 1000;

    private const int ScanPage = 500;
    private const string DocumentId = "token";
    private const string KeyId = "key";

    // Members that administrators do not set, or that must not be shown.
    private static readonly string[] Unrecorded = ["id", "created", "created_by", "last_used", "sha256", "key", "revoked", "outbox"];

    private static readonly DocumentCollection<CallerToken> Tokens = RegistryJson.Collection<CallerToken>("tokens");
    private static readonly DocumentCollection<TokenKeyDocument> Keys = RegistryJson.Collection<TokenKeyDocument>("token-keys");

    private readonly IDocumentStore _documents;
    private readonly AuditLog _log;
    private readonly TimeProvider _time;
    private readonly DocumentUpdater<CallerToken> _updater;

    /// <summary>The tokens of a document store.</summary>
    /// <param name="documents">The store: each token is in a partition of its own, named by the token's hash, so that authentication is one point read.</param>
    /// <param name="log">Where the records of changes go.</param>
    /// <param name="time">Gives creation and revocation their time.</param>
    public TokenStore(IDocumentStore documents, AuditLog log, TimeProvider time)
    {
        (_documents, _log, _time) = (documents, log, time);
        _updater = new DocumentUpdater<CallerToken>(documents, Tokens, WriteRevokedAsync);
    }

    /// <summary>Says which token was revoked here.</summary>
    public event Action<string>? Revoked;

    /// <summary>Makes a token.</summary>
    /// <param name="request">What it is to be.</param>
    /// <param name="actor">Who makes it.</param>
    /// <param name="key">The caller's idempotency key: with it, the same request makes one token.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The token, and its secret; null for the secret of a token that an earlier request under the same key made: that was shown then.</returns>
    /// <exception cref="InvalidRequestException">Something in the request is not allowed.</exception>
    /// <exception cref="ConflictException">The key was used for something else, or for a token that is not there.</exception>
    public async Task<(CallerToken Token, string? Secret)> CreateAsync(TokenRequest request, string actor, string? key, CancellationToken cancellationToken = default)
    {
        var now = _time.GetUtcNow();
        request.Validate(now);
        var secret = CallerToken.NewSecret();
        var hash = KeyHash.Of(secret);
        var token = new CallerToken
        {
            Id = hash.Id,
            Name = request.Name,
            Role = request.Role,
            Scope = request.Scope,
            Run = request.Run,
            Expires = request.Expires,
            Created = now,
            CreatedBy = actor,
            Sha256 = hash.ToString(),
            Key = key is null ? null : TextHash.Of($"{actor}\n{key}"),
        };
        token = token with
        {
            Outbox = token.Outbox.Add(new AuditRecord
            {
                Subject = AuditSubject.OfToken(token.Id), When = now, Who = actor, What = "create", After = AuditValues.Between(null, Described(token)).After,
            }),
        };

        if (token.Key is { } taken && await TakeAsync(taken, request, token.Id, now, cancellationToken) is { } earlier)
            return (earlier, null);
        await _documents.CreateAsync(Tokens, token.Id, DocumentId, token, cancellationToken);
        await _log.TryWriteAsync(token.Outbox, known: 0);
        return (token, secret);
    }

    /// <summary>The token of a hash, also when it has expired; null when there is none, or it is revoked.</summary>
    public async Task<CallerToken?> FindAsync(KeyHash hash, CancellationToken cancellationToken = default) =>
        await _documents.GetAsync(Tokens, hash.Id, DocumentId, cancellationToken) is { Value: { Revoked: false } token } && token.Sha256 == hash.ToString() ? token : null;

    /// <summary>The tokens, in the order of their ids.</summary>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before; null for the first.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">The limit is out of range, or the cursor is none.</exception>
    public async Task<Page<CallerToken>> ListAsync(int limit, string? cursor = null, CancellationToken cancellationToken = default)
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidRequestException($"The limit must be 1 to {MaxPage}; it is {limit}.");
        var page = await _documents.ScanAsync(Tokens, limit, cursor, cancellationToken);
        return new Page<CallerToken>([.. page.Documents.Select(found => found.Value).Where(token => !token.Revoked)], page.Continuation);
    }

    /// <summary>Revokes a token. This process refuses it at once, others when they read it again (<see cref="TokenCatalog"/>).</summary>
    /// <param name="id">Which.</param>
    /// <param name="actor">Who.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such token.</exception>
    public async Task<CallerToken> RevokeAsync(string id, string actor, CancellationToken cancellationToken = default)
    {
        if (!CallerToken.IsId(id))
            throw NotFound(id);
        CallerToken? revoked = null;
        await _updater.UpdateAsync(id, DocumentId, $"the token {id}", Revoke, cancellationToken);
        return revoked!;

        CallerToken? Revoke(Document<CallerToken>? read)
        {
            revoked = read is { Value.Revoked: false } ? read.Value : throw NotFound(id);
            var outbox = revoked.Outbox.Add(new AuditRecord
            {
                Subject = AuditSubject.OfToken(id), When = _time.GetUtcNow(), Who = actor, What = "revoke", Before = AuditValues.Between(Described(revoked), null).Before,
            });
            return revoked with { Revoked = true, Outbox = outbox };
        }
    }

    /// <summary>Stores when a token was used, unless the token changes at the same moment: then the next use is stored.</summary>
    internal async Task RecordUseAsync(string id, DateTimeOffset when, CancellationToken cancellationToken = default)
    {
        if (await _documents.GetAsync(Tokens, id, DocumentId, cancellationToken) is not { Value: { Revoked: false } token } read || token.LastUsed >= when)
            return;
        try
        {
            await _documents.ReplaceAsync(Tokens, id, DocumentId, token with { LastUsed = when }, read.ETag, cancellationToken);
        }
        catch (ETagMismatchException)
        {
            // Another server stored a use, or the token is revoked.
        }
    }

    /// <summary>Puts the records into the log that crashes left, and removes what is left of revoked tokens, and idempotency keys of an earlier _time.</summary>
    /// <returns>How many records were missing, and how many documents were left.</returns>
    internal async Task<(int Records, int Documents)> CollectAsync(DateTimeOffset since, DateTimeOffset keysBefore, CancellationToken cancellationToken)
    {
        var (records, left) = (0, 0);
        await foreach (var found in _documents.ScanAllAsync(Tokens, ScanPage, cancellationToken))
        {
            if (!found.Value.Revoked && !(found.Value.Outbox.Newest >= since))
                continue;
            records += await FinishAsync(found, found.Value.Outbox.Last) ?? 0;
            left += found.Value.Revoked ? 1 : 0;
        }
        await foreach (var found in _documents.ScanAllAsync(Keys, ScanPage, cancellationToken))
        {
            if (found.Value.Taken < keysBefore && await _documents.GetAsync(Tokens, found.Value.Token, DocumentId, cancellationToken) is null)
                left += await _documents.TryDeleteAsync(Keys, found, cancellationToken) ? 1 : 0;
        }
        return (records, left);
    }

    /// <summary>Writes audit records that a crash may have left in a token's document to the log.</summary>
    internal async Task CompleteAuditAsync(string id, CancellationToken cancellationToken)
    {
        if (await _documents.GetAsync(Tokens, id, DocumentId, cancellationToken) is { } found)
            await FinishAsync(found, found.Value.Outbox.Last);
    }

    /// <summary>Takes an idempotency key for a token.</summary>
    /// <returns>The token that it was taken for before; null when it is taken now.</returns>
    private async Task<CallerToken?> TakeAsync(string key, TokenRequest request, string token, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var fingerprint = TextHash.Of(JsonSerializer.Serialize(request, RegistryJson.Options));
        try
        {
            await _documents.CreateAsync(Keys, key, KeyId, new TokenKeyDocument { Fingerprint = fingerprint, Token = token, Taken = now }, cancellationToken);
            return null;
        }
        catch (DocumentExistsException)
        {
            var taken = await _documents.GetAsync(Keys, key, KeyId, cancellationToken);
            if (taken is not null && taken.Value.Fingerprint != fingerprint)
                throw new ConflictException("This idempotency key was used for another request: use a new key for each request that is not the same.");
            return taken is not null && await _documents.GetAsync(Tokens, taken.Value.Token, DocumentId, cancellationToken) is { Value: { Revoked: false } earlier }
                ? earlier
                : throw new ConflictException("The token that was made under this idempotency key is not there: use a new key.");
        }
    }

    /// <summary>Writes a token that is revoked: with this write it is refused. The document is removed when the record is in the _log.</summary>
    private async Task<Document<CallerToken>> WriteRevokedAsync(Document<CallerToken>? read, CallerToken next, CancellationToken cancellationToken)
    {
        var known = read!.Value.Outbox;
        next = next with { Outbox = await _log.PrepareAsync(known, next.Outbox) };
        var stored = await _documents.WriteAsync(Tokens, next.Id, DocumentId, read, next, cancellationToken);
        Revoked?.Invoke(next.Id);
        await FinishAsync(stored, known.Last);
        return stored;
    }

    private static NotFoundException NotFound(string id) => new($"There is no token {Quoted.Text(id)}.");

    private async Task<int?> FinishAsync(Document<CallerToken> stored, int known)
    {
        var written = await _log.TryWriteAsync(stored.Value.Outbox, known);
        if (written is null || !stored.Value.Revoked)
            return written;
        try
        {
            await _documents.TryDeleteAsync(Tokens, stored, CancellationToken.None);
            if (stored.Value.Key is { } key && await _documents.GetAsync(Keys, key, KeyId, CancellationToken.None) is { } taken && taken.Value.Token == stored.Value.Id)
                await _documents.TryDeleteAsync(Keys, taken, CancellationToken.None);
        }
        catch (StorageUnavailableException)
        {
            // Readers do not see the token any more; the garbage collector removes the document.
        }
        return written;
    }

    private static System.Text.Json.Nodes.JsonObject Described(CallerToken token)
    {
        var described = AuditValues.Of(token);
        foreach (var member in Unrecorded)
            described.Remove(member);
        return described;
    }
}
