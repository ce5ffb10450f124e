using System.ComponentModel.DataAnnotations;
using Larder.Inference.Limits;
using Microsoft.Azure.Cosmos;

namespace Larder.Registry.Storage.Cosmos;

/// <summary>Which Cosmos DB, and how to talk to it: settings <c>Store:Cosmos:*</c>, needed when <c>Store:Kind</c> is <c>cosmos</c>.</summary>
public sealed record CosmosOptions : IValidatableObject
{
    /// <summary>Where the account answers, as <c>https://NAME.documents.azure.com:443/</c>.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>The account's key, in base64; empty for an identity.</summary>
    public string Key { get; init; } = "";

    /// <summary>Without a key: the client id of a user-assigned identity; empty for whichever identity is found.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>The database.</summary>
    public string Database { get; init; } = "larder";

    /// <summary>Gateway: HTTPS through the account's front door, one port. Direct: TCP to the replicas, many ports, a network hop less.</summary>
    public ConnectionMode Mode { get; init; } = ConnectionMode.Gateway;

    /// <summary>How fresh reads are.</summary>
    public CosmosConsistency Consistency { get; init; } = CosmosConsistency.Account;

    /// <summary>Makes what is missing of database and containers at start; it needs a key, since an identity's role is for data only.</summary>
    public bool Create { get; init; }

    /// <summary>How often a request is sent again that the account answered with 429, each time after the pause that the answer asks for.</summary>
    [Between(0, 100)]
    public int ThrottleRetries { get; init; } = 9;

    /// <summary>How long those pauses may be together.</summary>
    [Between("00:00:00", "00:05:00")]
    public TimeSpan ThrottleWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a call of the store may take with all its retries.</summary>
    [Between("00:00:01", "00:05:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Talks to <see cref="Endpoint"/> only, not to the regions that it names: for emulators.</summary>
    public bool LimitToEndpoint { get; init; }

    /// <summary>Takes any certificate. For emulators: refused unless <see cref="Endpoint"/> is on this machine.</summary>
    public bool AnyCertificate { get; init; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var isAddress = Uri.TryCreate(Endpoint, UriKind.Absolute, out var endpoint) && endpoint.Scheme == Uri.UriSchemeHttps;
        if (Endpoint.Length == 0)
            yield return Wrong(nameof(Endpoint), "It is not set: with Store:Kind=cosmos it is where the account answers, as https://NAME.documents.azure.com:443/.");
        else if (!isAddress)
            yield return Wrong(nameof(Endpoint), $"It must be an https address, as https://NAME.documents.azure.com:443/; got '{Endpoint}'.");
        if (Key.Length > 0 && !Convert.TryFromBase64String(Key, new byte[Key.Length], out _))
            yield return Wrong(nameof(Key), "It is no key of an account: those are base64. Leave it empty to use an identity.");
        if (Database.Length is 0 or > 255 || Database.AsSpan().ContainsAny("/\\?# "))
            yield return Wrong(nameof(Database), $"It must be a name of 1 to 255 characters without spaces, / \\ ? #; got '{Database}'.");
        if (!Enum.IsDefined(Mode))
            yield return Wrong(nameof(Mode), $"It must be Gateway or Direct; got {Mode}.");
        if (!Enum.IsDefined(Consistency))
            yield return Wrong(nameof(Consistency), $"It must be Account, Strong, BoundedStaleness or Session; got {Consistency}.");
        if (Create && Key.Length == 0)
            yield return Wrong(nameof(Create), "It needs Store:Cosmos:Key: an identity may not make containers. Deploy them with infra-bicep, or set it to false.");
        if (AnyCertificate && isAddress && !endpoint!.IsLoopback)
            yield return Wrong(nameof(AnyCertificate), "It is for emulators on this machine only: Store:Cosmos:Endpoint must be a loopback address.");
    }

    private static ValidationResult Wrong(string setting, string sentence) => new(sentence, [setting]);
}

/// <summary>
/// How fresh reads are. Weaker than the account's costs half the request units of a read; stronger than the account's is refused by it. The two
/// that Cosmos DB has below <see cref="Session"/> are missing: with those a process may not even read what it wrote.
/// </summary>
public enum CosmosConsistency
{
    /// <summary>What the account has.</summary>
    Account,

    /// <summary>Reads see every acknowledged write of every process: what <see cref="IDocumentStore"/> promises.</summary>
    Strong,

    /// <summary>Within the region that is written to, as strong.</summary>
    BoundedStaleness,

    /// <summary>
    /// A process reads what it wrote itself; what others wrote may come later. Writes are as safe as ever, since each is conditional. Only for one
    /// host at a time.
    /// </summary>
    Session,
}
