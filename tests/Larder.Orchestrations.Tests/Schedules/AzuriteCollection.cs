using Larder.Testing;

namespace Larder.Orchestrations.Tests.Schedules;

/// <summary>Tests that share one Azurite, each with an account of its own.</summary>
[CollectionDefinition(Name)]
public sealed class AzuriteCollection : ICollectionFixture<Azurite>
{
    public const string Name = "Azurite";
}
