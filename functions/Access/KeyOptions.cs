namespace Larder.Functions.Access;

/// <summary>What the bearer of a function key may do.</summary>
public sealed record KeyOptions
{
    /// <summary>reader, predictor, contributor or admin.</summary>
    public string Role { get; init; } = "";

    /// <summary>
    /// SHA-256 of the key, 64 hexadecimal digits, so that the settings need not have the key. Empty where <c>FunctionKeys:NAME</c> has the
    /// key itself.
    /// </summary>
    public string Sha256 { get; init; } = "";
}
