namespace Larder.Testing.Arm;

/// <summary>An answer that an <see cref="ArmServer"/> gives instead of its own.</summary>
/// <param name="Method">To requests of this method,</param>
/// <param name="PathEnd">whose path ends so; empty for all.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Resource Manager's error code.</param>
/// <param name="Message">Its message.</param>
public sealed record ArmFault(string Method, string PathEnd, int Status, string Code, string Message)
{
    /// <summary>How often.</summary>
    public int Times { get; init; } = 1;

    /// <summary>What the header <c>Retry-After</c> says, in whole seconds; null for none.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Whether what was asked for is done all the same, so that only the answer is lost.</summary>
    public bool AfterDoing { get; init; }
}
