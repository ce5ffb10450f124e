namespace Larder.Registry.Storage.Cosmos;

/// <summary>
/// How fresh reads are. Weaker than the account's costs half the request units of a read; stronger than the account's is refused by it. The two
/// that Cosmos DB has below <see cref="Session"/> are missing: with those a process may not even read what it wrote.
/// </summary>
public enum CosmosConsistency
{
    /// <summary>What the account has.</summary>
    Account,

    /// <summary>Reads see every acknowledged write, whoever wrote it: what <see cref="IDocumentStore"/> promises.</summary>
    Strong,

    /// <summary>Within the region that is written to, as strong.</summary>
    BoundedStaleness,

    /// <summary>
    /// A process reads what it wrote itself; what others wrote may come later. Writes are as safe as ever, since each is conditional. Only for one
    /// host at a time.
    /// </summary>
    Session,
}
