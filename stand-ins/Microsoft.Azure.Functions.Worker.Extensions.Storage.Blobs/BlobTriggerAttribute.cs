using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs a function for each new or changed blob.</summary>
/// <param name="blobPath">A container, or a container and a pattern of blob names: <c>uploads/{model}/{name}.onnx</c>.</param>
public sealed class BlobTriggerAttribute(string blobPath) : TriggerBindingAttribute
{
    /// <summary>The container and the pattern.</summary>
    public string BlobPath { get; } = blobPath;

    /// <summary>The setting with the account's connection string; AzureWebJobsStorage when null.</summary>
    public string? Connection { get; set; }

    /// <summary>How the real host learns of a blob.</summary>
    public BlobTriggerSource Source { get; set; }
}
