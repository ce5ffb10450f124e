using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Text;

namespace Larder.Registry.Tokens;

/// <summary>A token that callers authenticate with, as it is stored: its hash, and what it allows. The token itself is shown once and kept nowhere.</summary>
public sealed record CallerToken
{
    /// <summary>What every token begins with, so that a search for leaked secrets finds it.</summary>
    public const string Prefix = "lrd_";

    private const int SecretBytes = 32;

    // Cached: every request with the token reads it.
    private Caller? _caller;

    private static readonly int Length = Prefix.Length + Base64Url.GetEncodedLength(SecretBytes);

    /// <summary>The first 32 hexadecimal digits of the token's hash: a token leads to its document, and the id reveals nothing about the token.</summary>
    public required string Id { get; init; }

    /// <summary>What its callers are called, in jobs, logs and audit records. Several tokens may have one name, so that one can take another's place.</summary>
    public required string Name { get; init; }

    /// <summary>What it allows.</summary>
    public required Role Role { get; init; }

    /// <summary>The models that it allows this for; null for all.</summary>
    public ModelScope? Scope { get; init; }

    /// <summary>The run of a job that its script may log to with it, and nothing else; null for a token of another kind.</summary>
    public string? Run { get; init; }

    /// <summary>From when on it is refused; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>When it was used last, to within some minutes; null when it never was.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>All of its SHA-256, in hexadecimal digits.</summary>
    [JsonInclude]
    internal string Sha256 { get; init; } = "";

    /// <summary>The idempotency key's document, which goes with the token.</summary>
    [JsonInclude]
    internal string? Key { get; init; }

    /// <summary>It is revoked: the document is removed when the revocation is in the audit log.</summary>
    [JsonInclude]
    internal bool Revoked { get; init; }

    /// <summary>Records of its changes that may not be in the log yet.</summary>
    [JsonInclude]
    internal AuditOutbox Outbox { get; init; } = new();

    /// <summary>The caller that has it.</summary>
    [JsonIgnore]
    public Caller Caller => _caller ??= new Caller(Name, Role, Scope, Run);

    /// <summary>A new token: 256 bits of chance.</summary>
    public static string NewSecret() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>Whether a credential can be a token; what cannot need not be looked for.</summary>
    public static bool IsToken(ReadOnlySpan<char> secret) => secret.Length == Length && secret.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The same, of a credential in UTF-8.</summary>
    public static bool IsToken(ReadOnlySpan<byte> secret) => secret.Length == Length && secret.StartsWith("lrd_"u8);

    /// <summary>Whether a text can be a token's id.</summary>
    public static bool IsId(string text) => text.Length == KeyHash.IdLength && text.All(char.IsAsciiHexDigitLower);
}

/// <summary>What a token is to be.</summary>
/// <param name="Name">As <see cref="CallerToken.Name"/>.</param>
/// <param name="Role">As <see cref="CallerToken.Role"/>.</param>
/// <param name="Scope">As <see cref="CallerToken.Scope"/>.</param>
/// <param name="Expires">As <see cref="CallerToken.Expires"/>.</param>
/// <param name="Run">As <see cref="CallerToken.Run"/>.</param>
public sealed record TokenRequest(string Name, Role Role, ModelScope? Scope, DateTimeOffset? Expires, string? Run = null)
{
    private const int MaxName = 64;

    // Callers that are no tokens, and actors that are no callers.
    private static readonly string[] Reserved = [Caller.Local.Name, Caller.Anonymous.Name, Caller.Drop.Name, Caller.Master, Caller.AdminToken, "deployment"];

    /// <summary>Refuses a request for a token that is not allowed.</summary>
    /// <exception cref="InvalidRequestException">It is not allowed: why, in a sentence.</exception>
    internal void Validate(DateTimeOffset now)
    {
        if (Name.Length > MaxName || !ModelName.IsWellFormed(Name))
            throw new InvalidRequestException($"{Quoted.Text(Name)} is not a token's name: use 1 to {MaxName} letters, digits, '.', '_' or '-', the first a letter or digit.");
        if (Reserved.Contains(Name, StringComparer.OrdinalIgnoreCase))
            throw new InvalidRequestException($"No token can be called '{Name}': that name stands for another kind of caller.");
        if (Role == Role.None)
            throw new InvalidRequestException($"role must be {RoleNames.All}.");
        if (Expires <= now)
            throw new InvalidRequestException("expires must be in the future.");
        Scope?.Validate();
    }
}

/// <summary>What an idempotency key stands for: the token that was made under it.</summary>
internal sealed record TokenKeyDocument
{
    /// <summary>What was asked for under the key.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The id of the token.</summary>
    public required string Token { get; init; }

    /// <summary>When the key was taken.</summary>
    public required DateTimeOffset Taken { get; init; }
}
