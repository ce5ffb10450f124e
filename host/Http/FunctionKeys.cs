using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Larder.Host;

/// <summary>
/// The keys that callers must bring: <c>FunctionKeys:NAME</c> opens the function of that name, now or formerly, or, when there is none, every function, as
/// <c>default</c> does; <c>MasterKey</c> opens everything. Kept as hashes: two of these are compared in the same time whatever the lengths of the keys.
/// </summary>
internal sealed class FunctionKeys
{
    private readonly List<(string Function, byte[] Hash)> _functionKeys = [];
    private readonly byte[]? _masterKey;

    /// <param name="configuration">The settings.</param>
    /// <param name="options">Has the former names of functions.</param>
    public FunctionKeys(IConfiguration configuration, SelfHostOptions options)
    {
        _masterKey = Hash(configuration["MasterKey"]);
        foreach (var setting in configuration.GetSection("FunctionKeys").GetChildren())
            if (Hash(setting.Value) is { } key)
                _functionKeys.Add((options.FormerNames.GetValueOrDefault(setting.Key, setting.Key), key));
    }

    /// <summary>Whether there are keys at all. Without any, everything is open.</summary>
    public bool Any => _masterKey is not null || _functionKeys.Count > 0;

    private byte[][] MasterKeys => _masterKey is null ? [] : [_masterKey];

    /// <summary>The keys that open a function, any of them.</summary>
    /// <param name="function">Its name.</param>
    /// <param name="functions">The names of all functions: a key that is called as one of them is for that one alone.</param>
    public KeyRing For(string function, IReadOnlyCollection<string> functions) => new(
    [
        .. from key in _functionKeys
           where key.Function.Equals(function, StringComparison.OrdinalIgnoreCase) || !functions.Contains(key.Function, StringComparer.OrdinalIgnoreCase)
           select key.Hash,
        .. MasterKeys,
    ]);

    /// <summary>The key that opens what is for administrators.</summary>
    public KeyRing ForAdministrators() => new(MasterKeys);

    // A setting that is there but empty is no key: an empty key would open everything.
    private static byte[]? Hash(string? key) => string.IsNullOrWhiteSpace(key) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
