using Larder.Inference.Limits;

namespace Larder.Registry.Storage;

/// <summary>Where documents are kept: settings <c>Store:*</c>. Artifacts and files are blobs in any case.</summary>
public sealed record StoreOptions
{
    /// <summary><c>blobs</c>, in the storage account of everything else; or <c>cosmos</c>, for many models and many hosts.</summary>
    [OneOf("blobs", "cosmos")]
    public string Kind { get; init; } = "blobs";

    /// <summary>Whether documents are in Cosmos DB.</summary>
    public bool IsCosmos => Kind == "cosmos";
}
