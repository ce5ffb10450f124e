namespace Larder.Functions;

/// <summary>What the bearer of a function key may do.</summary>
public sealed record KeyOptions
{
    /// <summary>reader, predictor, contributor or admin.</summary>
    public string Role { get; init; } = "";

    /// <summary>
    /// SHA-256 of the key, 64 hexadecimal digits: the host does not tell a key's name. Empty where <c>FunctionKeys:NAME</c> has the
    /// key itself, as with the embedded host.
    /// </summary>
    public string Sha256 { get; init; } = "";
}
