namespace Larder.Host.App;

/// <summary>The machine's clock, put forward: a process that starts an hour later, without the hour.</summary>
public sealed class ShiftedTimeProvider(TimeSpan shift) : TimeProvider
{
    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + shift;
}
