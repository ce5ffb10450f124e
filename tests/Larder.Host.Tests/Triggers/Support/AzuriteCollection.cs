using Larder.Testing;

namespace Larder.Host.Tests.Triggers.Support;

/// <summary>Tests that share one Azurite, each with containers and host ids of its own; they run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class AzuriteCollection : ICollectionFixture<Azurite>
{
    public const string Name = "Azurite";
}
