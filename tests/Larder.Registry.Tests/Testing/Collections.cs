using Larder.Testing;

namespace Larder.Registry.Tests.Testing;

/// <summary>Tests that share one Azurite, each with an account of its own.</summary>
[CollectionDefinition(Name)]
public sealed class AzuriteCollection : ICollectionFixture<Azurite>
{
    public const string Name = "Azurite";
}

/// <summary>Tests that share one Cosmos DB server, each with a database of its own.</summary>
[CollectionDefinition(Name)]
public sealed class CosmosCollection : ICollectionFixture<CosmosServer>
{
    public const string Name = "Cosmos";
}
