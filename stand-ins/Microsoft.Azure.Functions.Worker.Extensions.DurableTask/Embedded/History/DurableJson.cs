using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.DurableTask.Embedded;

/// <summary>How the engine's own documents are stored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(InstanceDocument))]
[JsonSerializable(typeof(EpisodeConverter.StoredEpisode))]
[JsonSerializable(typeof(IReadOnlyList<Episode>))]
[JsonSerializable(typeof(InboxMessage))]
internal sealed partial class DurableJson : JsonSerializerContext
{
    /// <summary>The context. Values are JSON inside JSON, so quotation marks must not become six characters.</summary>
    public static DurableJson Stored => field ??=
        new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
