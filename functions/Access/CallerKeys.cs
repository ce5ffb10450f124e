using System.Collections.Frozen;
using Larder.Functions.Hosting;
using Larder.Registry.Access;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Larder.Functions.Access;

/// <summary>
/// The keys and tokens of the settings: <c>FunctionKeys:NAME</c> and <c>MasterKey</c> themselves, <c>Access:Keys:NAME:Sha256</c> and
/// <c>Access:AdminTokenSha256</c> by hash. <c>FunctionKeys:NAME</c> opens the function of that name alone, now or formerly, or, when there is none, all.
/// </summary>
internal sealed class CallerKeys
{
    /// <summary>A key of the settings.</summary>
    /// <param name="Caller">Whose it is.</param>
    /// <param name="Functions">The only functions that it opens; null for all.</param>
    public sealed record Key(Caller Caller, IReadOnlySet<string>? Functions);

    private readonly FrozenDictionary<KeyHash, Key> _keys;

    /// <summary>Reads the settings.</summary>
    /// <exception cref="OptionsValidationException">A name has no key, or two have the same.</exception>
    public CallerKeys(IConfiguration configuration, AccessOptions options, RoleRequirements functions)
    {
        var values = ValuesOf(configuration);
        var callers = new Dictionary<KeyHash, Caller>();
        foreach (var (name, key) in options.GivenKeys)
        {
            var hash = KeyHash.Parse(key.Sha256) ?? (values.TryGetValue(name, out var own)
                ? own
                : throw Wrong($"Setting Access:Keys:{name}:Sha256: It is needed: no setting FunctionKeys:{name} has the key itself."));
            if (!callers.TryAdd(hash, new Caller(name, RoleNames.Find(key.Role)!.Value)))
                throw Wrong($"Setting Access:Keys:{name}: It is the key of {callers[hash].Name} too; each name needs a key of its own.");
        }
        if (KeyHash.Parse(options.AdminTokenSha256) is { } admin && !callers.TryAdd(admin, new Caller(Caller.AdminToken, Role.Admin)))
            throw Wrong($"Setting Access:AdminTokenSha256: It is the key of {callers[admin].Name} too; the administrator's token must be another.");
        if (MasterOf(configuration) is { } master)
            callers.TryAdd(master, new Caller(Caller.Master, Role.Admin));
        foreach (var (name, hash) in values)
            callers.TryAdd(hash, new Caller(name, options.GivesRoles ? Role.None : Role.Admin));

        _keys = callers.ToFrozenDictionary(caller => caller.Key, caller => new Key(caller.Value, OnlyOf(caller.Key)));
        AreConfigured = AnyIn(configuration, options);

        // A key may be there under several names.
        HashSet<string>? OnlyOf(KeyHash hash)
        {
            if (hash == MasterOf(configuration))
                return null;
            var named = values.Where(value => value.Value == hash).Select(value => RenamedFunctions.FormerNames.GetValueOrDefault(value.Key, value.Key)).ToList();
            return named.Count > 0 && named.All(functions.Names.Contains) ? named.ToHashSet(StringComparer.OrdinalIgnoreCase) : null;
        }
    }

    /// <summary>Whether callers can have credentials by the settings: a key, an administrator's token, roles by sign-in.</summary>
    public bool AreConfigured { get; }

    /// <summary>The same, before there are services.</summary>
    public static bool AnyIn(IConfiguration configuration, AccessOptions options) =>
        ValuesOf(configuration).Count > 0 || MasterOf(configuration) is not null || options.AdminTokenSha256.Length > 0 || options.GivesRoles;

    /// <summary>Whose key it is; null when it is none of the settings'.</summary>
    public Key? Find(KeyHash hash) => _keys.GetValueOrDefault(hash);

    // A setting that is there but empty is no key: an empty key would open everything.
    private static Dictionary<string, KeyHash> ValuesOf(IConfiguration configuration) => configuration.GetSection("FunctionKeys").GetChildren()
        .Where(key => !string.IsNullOrWhiteSpace(key.Value))
        .ToDictionary(key => key.Key, key => KeyHash.Of(key.Value!), StringComparer.OrdinalIgnoreCase);

    private static KeyHash? MasterOf(IConfiguration configuration) => configuration["MasterKey"] is { } value && !string.IsNullOrWhiteSpace(value) ? KeyHash.Of(value) : null;

    private static OptionsValidationException Wrong(string sentence) => new(nameof(AccessOptions), typeof(AccessOptions), [sentence]);
}
