using System.Reflection;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Cosmos;

namespace Larder.Registry.Tests.Storage.Cosmos;

public sealed class CosmosLayoutTests
{
    // Those of tracking/, whose tests compare them with its own.
    private static readonly string[] OfTracking = ["experiments", "experiment-names", "runs", "run-metrics", "run-artifacts", "logged-models"];

    [Fact]
    public void Containers_are_the_collections_of_the_registry_and_of_tracking()
    {
        var collections = typeof(CosmosLayout).Assembly.GetTypes()
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => field.FieldType.IsGenericType && field.FieldType.GetGenericTypeDefinition() == typeof(DocumentCollection<>))
            .Select(field => (string)field.FieldType.GetProperty(nameof(DocumentCollection<>.Name))!.GetValue(field.GetValue(null))!);

        Assert.Equal(collections.Concat(OfTracking).Order(), CosmosLayout.Read().Containers.Order());
    }
}
