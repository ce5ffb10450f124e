namespace Larder.Host.Blobs;

/// <summary>What a blob's invocation binds its parameters from.</summary>
/// <param name="Content">The trigger parameter's value.</param>
/// <param name="BindingData">The others', as text.</param>
internal sealed record BlobTriggerData(object Content, IReadOnlyDictionary<string, object?> BindingData);
