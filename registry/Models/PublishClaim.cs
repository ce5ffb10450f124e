using Larder.Registry.Publishing;

namespace Larder.Registry.Models;

/// <summary>Written before anything is published under a <see cref="PublishRequest.IdempotencyKey"/> key, and never changed.</summary>
internal sealed record PublishClaim
{
    /// <summary>The model's last number then: the version of this key, if there is one, has a higher one.</summary>
    public required int After { get; init; }

    /// <summary>When that was.</summary>
    public required DateTimeOffset Created { get; init; }
}
