namespace Larder.Inference.Sessions;

/// <summary>Keeps a loaded model alive while it is used. Dispose it exactly once, after the prediction's inputs and outputs.</summary>
public readonly struct SessionLease : IDisposable
{
    internal SessionLease(LoadedModel model) => Model = model;

    /// <summary>The model, ready to run.</summary>
    public LoadedModel Model { get; }

    /// <summary>Ends the lease: the model may be freed now.</summary>
    public void Dispose() => Model.Release();
}
