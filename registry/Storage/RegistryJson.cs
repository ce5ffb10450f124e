using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Larder.Registry.Models;

namespace Larder.Registry.Storage;

/// <summary>How the registry's records become JSON: snake_case names, nothing for null.</summary>
public static class RegistryJson
{
    /// <summary>The options, read-only.</summary>
    /// <remarks>
    /// By reflection, not source generation: generated code gives an absent property its type's default instead of its initialiser's value,
    /// so that a document from before a setting existed would come back with that setting null or 0.
    /// </remarks>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Makes the metadata of models and versions, which by reflection takes a good part of a server's start. The first reader of either waits for it.</summary>
    public static void Prepare()
    {
        _ = ModelCollections.Models.Type.Value;
        _ = ModelCollections.Versions.Type.Value;
    }

    internal static DocumentCollection<T> Collection<T>(string name) => new(name, new Lazy<JsonTypeInfo<T>>(() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T))));

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            // It is never put into a web page as it is.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        };
        options.MakeReadOnly();
        return options;
    }
}
