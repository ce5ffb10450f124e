namespace Larder.Registry.Jobs;

/// <summary>What an idempotency key stands for. It is written before the job is.</summary>
internal sealed record JobKeyDocument
{
    /// <summary>What was asked for under the key, as the caller told the same from other.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The job as it is to be created, so that whoever finishes this makes the same one.</summary>
    public required Job Draft { get; init; }

    /// <summary>When the key was taken, or taken up again.</summary>
    public required DateTimeOffset Taken { get; init; }
}
