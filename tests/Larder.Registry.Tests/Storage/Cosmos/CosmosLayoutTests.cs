using System.Reflection;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Cosmos;

namespace Larder.Registry.Tests.Storage.Cosmos;

public sealed class CosmosLayoutTests
{
    [Fact]
    public void Containers_are_the_collections_of_the_registry()
    {
        var collections = typeof(CosmosLayout).Assembly.GetTypes()
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => field.FieldType.IsGenericType && field.FieldType.GetGenericTypeDefinition() == typeof(DocumentCollection<>))
            .Select(field => (string)field.FieldType.GetProperty(nameof(DocumentCollection<>.Name))!.GetValue(field.GetValue(null))!);

        Assert.Equal(collections.Order(), CosmosLayout.Read().Containers.Order());
    }
}
