namespace Larder.Inference.Settings;

/// <summary>What an owner can set for one model; the defaults suit small models.</summary>
public sealed record ModelSettings
{
    /// <summary>ONNX Runtime session.</summary>
    public SessionSettings Session { get; init; } = new();

    /// <summary>Running concurrent requests together.</summary>
    public BatchingSettings Batching { get; init; } = new();

    /// <summary>Image inputs.</summary>
    public ImageSettings Image { get; init; } = new();
}
