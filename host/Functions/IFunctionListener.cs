namespace Larder.Host.Functions;

/// <summary>Waits for what triggers one function, and invokes it.</summary>
internal interface IFunctionListener
{
    /// <summary>Starts to listen; returns when listening.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Starts no more invocations, and waits for those under way (whose tokens the host has signalled by then).</summary>
    /// <param name="cancellationToken">Signalled when the wait must end.</param>
    Task StopAsync(CancellationToken cancellationToken);
}
