using System.Text.Json.Serialization;

namespace Larder.Registry.Uploads;

/// <summary>What is uploaded in blocks.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<UploadKind>))]
public enum UploadKind
{
    /// <summary>An ONNX model, which becomes a version.</summary>
    [JsonStringEnumMemberName("model")] Model,

    /// <summary>A file of any kind, which jobs can name.</summary>
    [JsonStringEnumMemberName("dataset")] Dataset,
}
