using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Larder.Host;

/// <summary>
/// The keys that callers must bring: <c>FunctionKeys:NAME</c> opens the function of that name or, when there is none, every function, as <c>default</c> does;
/// <c>MasterKey</c> opens everything. Kept as hashes: two of these are compared in the same time whatever the lengths of the keys.
/// </summary>
internal sealed class FunctionKeys
{
    private readonly Dictionary<string, byte[]> _functionKeys = new(StringComparer.OrdinalIgnoreCase);
    private readonly byte[]? _masterKey;

    public FunctionKeys(IConfiguration configuration)
    {
        _masterKey = Hash(configuration["MasterKey"]);
        foreach (var setting in configuration.GetSection("FunctionKeys").GetChildren())
            if (Hash(setting.Value) is { } key)
                _functionKeys.Add(setting.Key, key);
    }

    /// <summary>Whether there are keys at all. Without any, everything is open.</summary>
    public bool Any => _masterKey is not null || _functionKeys.Count > 0;

    /// <summary>The keys that open a function, any of them.</summary>
    /// <param name="function">Its name.</param>
    /// <param name="functions">The names of all functions: a key that is called as one of them is for that one alone.</param>
    public KeyRing For(string function, IReadOnlyCollection<string> functions) => new(
    [
        .. from key in _functionKeys
           where key.Key.Equals(function, StringComparison.OrdinalIgnoreCase) || !functions.Contains(key.Key, StringComparer.OrdinalIgnoreCase)
           select key.Value,
        .. new[] { _masterKey }.OfType<byte[]>(),
    ]);

    /// <summary>The key that opens what is for administrators.</summary>
    public KeyRing ForAdministrators() => new([.. new[] { _masterKey }.OfType<byte[]>()]);

    // A setting that is there but empty is no key: an empty key would open everything.
    private static byte[]? Hash(string? key) => string.IsNullOrWhiteSpace(key) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
