using Larder.Testing;

namespace Larder.Compute.Tests.Testing;

[CollectionDefinition(Name)]
public sealed class AzuriteCollection : ICollectionFixture<Azurite>
{
    public const string Name = "Azurite";
}
