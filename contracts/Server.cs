using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary><c>GET /api/v1/version</c>: what this server is.</summary>
public sealed record VersionAnswer : Answer
{
    /// <summary>Larder's version, such as <c>0.2.0</c>.</summary>
    [JsonPropertyName("version")]
    public required string Version { get; init; }

    /// <summary>The Git commit that it was built from; null when the build did not know it.</summary>
    [JsonPropertyName("commit")]
    public string? Commit { get; init; }

    /// <summary>The .NET runtime, such as <c>10.0.1</c>.</summary>
    [JsonPropertyName("dotnet")]
    public required string DotNet { get; init; }

    /// <summary>The ONNX Runtime, such as <c>1.23.0</c>.</summary>
    [JsonPropertyName("onnx_runtime")]
    public required string OnnxRuntime { get; init; }

    /// <summary>What runs the functions: <c>self-host</c> or <c>functions-host</c>.</summary>
    [JsonPropertyName("host")]
    public required string Host { get; init; }
}

/// <summary><c>GET /readyz</c> with 503.</summary>
public sealed record NotReadyAnswer : Answer
{
    /// <summary>What the server waits for.</summary>
    [JsonPropertyName("waiting_for")]
    public required IReadOnlyList<string> WaitingFor { get; init; }
}

/// <summary><c>POST /api/test/sendtomodelhost</c>.</summary>
public sealed record EchoAnswer : Answer
{
    /// <summary>The elements that were sent.</summary>
    [JsonPropertyName("data")]
    public required JsonElement Data { get; init; }
}

/// <summary>The same.</summary>
public sealed record EchoRequest
{
    /// <summary>A list.</summary>
    [JsonPropertyName("data")]
    public required JsonElement Data { get; init; }
}

/// <summary><c>POST /api/v1/models/{reference}/prediction</c>, and of its samples. The server reads it straight into tensors; this record is for its readers.</summary>
public sealed record PredictionRequest
{
    /// <summary>The inputs: nested lists, or an object by name; <c>GET /api/v1/models/{reference}/openapi.json</c> has the schema of a model.</summary>
    [JsonPropertyName("values")]
    public required JsonElement Values { get; init; }
}

/// <summary><c>POST /api/v1/models/{reference}/prediction</c>. The server writes it straight from tensors; this record is for its readers.</summary>
public sealed record PredictionAnswer : Answer
{
    /// <summary>The first output.</summary>
    [JsonPropertyName("values")]
    public required JsonElement Values { get; init; }

    /// <summary>All outputs by name.</summary>
    [JsonPropertyName("outputs")]
    public required IReadOnlyDictionary<string, JsonElement> Outputs { get; init; }

    /// <summary>The name of each row's class, by the output that has the classes; absent for a version without labels.</summary>
    [JsonPropertyName("labels"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, JsonElement>? Labels { get; init; }
}

/// <summary>A change that was made.</summary>
public sealed record AuditRecordDetails
{
    /// <summary>Its id: subject and revision.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>When it was made.</summary>
    [JsonPropertyName("when")]
    public required DateTimeOffset When { get; init; }

    /// <summary>The caller that made it.</summary>
    [JsonPropertyName("who")]
    public string? Who { get; init; }

    /// <summary>What was done.</summary>
    [JsonPropertyName("what")]
    public required string What { get; init; }

    /// <summary>What was changed, such as <c>models/iris</c>.</summary>
    [JsonPropertyName("subject")]
    public required string Subject { get; init; }

    /// <summary>Counts the changes of the subject.</summary>
    [JsonPropertyName("revision")]
    public required int Revision { get; init; }

    /// <summary>The values before.</summary>
    [JsonPropertyName("before")]
    public JsonElement? Before { get; init; }

    /// <summary>The values after.</summary>
    [JsonPropertyName("after")]
    public JsonElement? After { get; init; }
}

/// <summary><c>GET /api/v1/audit</c>: records, the newest first.</summary>
public sealed record AuditAnswer : Answer
{
    /// <summary>A page of records; it may be short, even empty, before the last.</summary>
    [JsonPropertyName("records")]
    public required IReadOnlyList<AuditRecordDetails> Records { get; init; }

    /// <summary><c>?cursor=</c> of the next page; null at the last one.</summary>
    [JsonPropertyName("next_cursor")]
    public string? NextCursor { get; init; }
}
