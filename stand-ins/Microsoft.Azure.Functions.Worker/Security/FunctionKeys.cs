using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>
/// The keys that callers must bring: <c>FunctionKeys:default</c> and <c>HostKeys:NAME</c>, whatever the name, open every function, <c>FunctionKeys:NAME</c> the
/// function of that name, <c>MasterKey</c> everything. Kept as hashes: two of these are compared in the same time whatever the lengths of the keys.
/// </summary>
internal sealed class FunctionKeys
{
    private const string HostKeyName = "default";

    private readonly Dictionary<string, byte[]> _functionKeys = new(StringComparer.OrdinalIgnoreCase);
    private readonly byte[][] _hostKeys;
    private readonly byte[]? _masterKey;

    public FunctionKeys(IConfiguration configuration)
    {
        _masterKey = Hash(configuration["MasterKey"]);
        foreach (var setting in configuration.GetSection("FunctionKeys").GetChildren())
            if (Hash(setting.Value) is { } key)
                _functionKeys.Add(setting.Key, key);
        _functionKeys.Remove(HostKeyName, out var hostKey);
        _hostKeys = [.. configuration.GetSection("HostKeys").GetChildren().Select(setting => Hash(setting.Value)).Append(hostKey).OfType<byte[]>()];
    }

    /// <summary>Whether there are keys at all. Without any, everything is open.</summary>
    public bool Any => _masterKey is not null || _hostKeys.Length > 0 || _functionKeys.Count > 0;

    /// <summary>The keys that open a function, any of them.</summary>
    public KeyRing For(string function) => new([.. _hostKeys, .. new[] { _functionKeys.GetValueOrDefault(function), _masterKey }.OfType<byte[]>()]);

    /// <summary>The key that opens what is for administrators.</summary>
    public KeyRing ForAdministrators() => new([.. new[] { _masterKey }.OfType<byte[]>()]);

    // A setting that is there but empty is no key: an empty key would open everything.
    private static byte[]? Hash(string? key) => string.IsNullOrWhiteSpace(key) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
