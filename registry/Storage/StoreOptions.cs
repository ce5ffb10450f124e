namespace Larder.Registry;

/// <summary>Where documents are kept: settings <c>Store:*</c>. Artifacts and files are blobs in any case.</summary>
public sealed record StoreOptions
{
    /// <summary><c>blobs</c>, in the storage account of everything else; or <c>cosmos</c>, for many models and many hosts.</summary>
    public string Kind { get; init; } = "blobs";

    /// <summary>Which Cosmos DB; not looked at with blobs.</summary>
    public CosmosOptions Cosmos { get; init; } = new();

    /// <summary>Whether documents are in Cosmos DB.</summary>
    public bool IsCosmos => Kind == "cosmos";

    /// <summary>Refuses what cannot work.</summary>
    /// <exception cref="ArgumentException">Its message names the setting.</exception>
    public void Validate()
    {
        if (Kind is not ("blobs" or "cosmos"))
            throw new ArgumentException($"Store:Kind must be blobs or cosmos; it is '{Kind}'.");
        if (IsCosmos)
            Cosmos.Validate();
    }
}
