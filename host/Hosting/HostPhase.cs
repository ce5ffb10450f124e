namespace Larder.Host.Hosting;

/// <summary>How far the host has come.</summary>
internal sealed class HostPhase
{
    private volatile bool _started;

    /// <summary>Whether everything has started.</summary>
    public bool Started
    {
        get => _started;
        set => _started = value;
    }
}
