using System.ComponentModel.DataAnnotations;
using Larder.Inference.Limits;

namespace Larder.Registry.Catalog;

/// <summary>How long predictions rely on what was read before.</summary>
public sealed record CatalogOptions : IValidatableObject
{
    /// <summary>From this age on, an answer is still used, and read again in the background (setting <c>Cache:SoftTtl</c>).</summary>
    [AtLeast("00:00:00")]
    public TimeSpan SoftTtl { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From this age on, an answer is read again first; it is used only if the store does not answer.</summary>
    public TimeSpan HardTtl { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long it is remembered that a reference stands for nothing.</summary>
    [AtLeast("00:00:00")]
    public TimeSpan NegativeTtl { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The most references to remember; as many missing ones besides.</summary>
    [AtLeast(1)]
    public int MaxReferences { get; init; } = 10_000;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (HardTtl < SoftTtl)
            yield return new ValidationResult($"It must be at least Cache:SoftTtl, which is {SoftTtl}; got {HardTtl}.", [nameof(HardTtl)]);
    }
}
