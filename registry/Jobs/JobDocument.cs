namespace Larder.Registry.Jobs;

/// <summary>A job as it is stored.</summary>
internal sealed record JobDocument
{
    public required Job Job { get; init; }

    /// <summary>Hash of the idempotency key under which it was asked for; the key goes with the job.</summary>
    public string? Key { get; init; }
}
