using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Larder.Functions;

/// <summary>
/// Whose key is whose. The host checks keys, and does not pass on what they are called; so names are found by hash. What the host lets through without
/// being known here is not a wrong key: its keys need not be in the settings.
/// </summary>
internal sealed class CallerKeys
{
    private const string Header = "x-functions-key";
    private const string Query = "code";

    private readonly FrozenDictionary<KeyHash, Caller> _callers;

    /// <summary>Reads the settings.</summary>
    /// <exception cref="OptionsValidationException">A name has no key, or two have the same.</exception>
    public CallerKeys(IConfiguration configuration, AccessOptions options)
    {
        var values = configuration.GetSection("FunctionKeys").GetChildren()
            .Where(key => !string.IsNullOrWhiteSpace(key.Value))
            .ToDictionary(key => key.Key, key => KeyHash.Of(key.Value!), StringComparer.OrdinalIgnoreCase);
        var master = configuration["MasterKey"] is { } value && !string.IsNullOrWhiteSpace(value) ? KeyHash.Of(value) : (KeyHash?)null;
        AreConfigured = values.Count > 0 || master is not null;

        var callers = new Dictionary<KeyHash, Caller>();
        foreach (var (name, key) in options.GivenKeys)
        {
            var hash = KeyHash.Parse(key.Sha256) ?? (values.TryGetValue(name, out var own)
                ? own
                : throw Wrong($"Setting Access:Keys:{name}:Sha256: It is needed: no setting FunctionKeys:{name} has the key itself."));
            if (!callers.TryAdd(hash, new Caller(name, RoleNames.Find(key.Role)!.Value)))
                throw Wrong($"Setting Access:Keys:{name}: It is the key of {callers[hash].Name} too; each name needs a key of its own.");
        }
        if (master is { } hashOfMaster)
            callers.TryAdd(hashOfMaster, new Caller("master", Role.Admin));
        foreach (var (name, hash) in values)
            callers.TryAdd(hash, new Caller(name, options.GivesRoles ? Role.None : Role.Admin));
        _callers = callers.ToFrozenDictionary();
    }

    /// <summary>Whether the embedded host has keys.</summary>
    public bool AreConfigured { get; }

    /// <summary>The key that came with a request: the host looks for it in the same places, in the same order.</summary>
    public static KeyHash? HashOf(HttpRequest request) =>
        request.Headers.TryGetValue(Header, out var header) ? HashOf(header[0])
        : request.QueryString.HasValue && request.Query.TryGetValue(Query, out var query) ? HashOf(query[0])
        : null;

    /// <summary>Who has a key; null when that is not known here.</summary>
    public Caller? Find(KeyHash hash) => _callers.GetValueOrDefault(hash);

    private static KeyHash? HashOf(string? key) => string.IsNullOrEmpty(key) ? null : KeyHash.Of(key);

    private static OptionsValidationException Wrong(string sentence) => new(nameof(AccessOptions), typeof(AccessOptions), [sentence]);
}
