using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>A data set that was uploaded.</summary>
public sealed record DatasetDetails
{
    /// <summary>Its address, as jobs name it: <c>datasets/{model}/{file_name}</c>.</summary>
    [JsonPropertyName("dataset")]
    public required string Dataset { get; init; }

    /// <summary>The model that it was uploaded for.</summary>
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("file_name")]
    public required string FileName { get; init; }

    /// <summary>Its size.</summary>
    [JsonPropertyName("size_bytes")]
    public required long SizeBytes { get; init; }

    /// <summary>SHA-256 of its bytes.</summary>
    [JsonPropertyName("sha256")]
    public required string Sha256 { get; init; }

    /// <summary>When it was registered.</summary>
    [JsonPropertyName("created")]
    public required DateTimeOffset Created { get; init; }

    /// <summary>The caller that uploaded it.</summary>
    [JsonPropertyName("owner")]
    public string? Owner { get; init; }

    /// <summary>The job that registered it.</summary>
    [JsonPropertyName("job")]
    public required string Job { get; init; }
}

/// <summary><c>GET /api/v1/datasets/{model}/{file}</c>.</summary>
public sealed record DatasetAnswer : Answer
{
    /// <summary>The data set.</summary>
    [JsonPropertyName("dataset")]
    public required DatasetDetails Dataset { get; init; }
}

/// <summary><c>GET /api/v1/datasets</c>: data sets by model and name.</summary>
public sealed record DatasetListAnswer : Answer
{
    /// <summary>A page of data sets.</summary>
    [JsonPropertyName("datasets")]
    public required IReadOnlyList<DatasetDetails> Datasets { get; init; }

    /// <summary><c>?cursor=</c> of the next page; null at the last one.</summary>
    [JsonPropertyName("next_cursor")]
    public string? NextCursor { get; init; }
}

/// <summary>An upload in blocks.</summary>
public sealed record UploadDetails
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The model.</summary>
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    /// <summary><c>model</c> or <c>dataset</c>.</summary>
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    /// <summary>The client's name of the file.</summary>
    [JsonPropertyName("file_name")]
    public string? FileName { get; init; }

    /// <summary>Bytes that the client announced.</summary>
    [JsonPropertyName("size_bytes")]
    public long? SizeBytes { get; init; }

    /// <summary>Where the blocks go; null when it has expired or the upload is complete.</summary>
    [JsonPropertyName("url")]
    public Uri? Url { get; init; }

    /// <summary>Bytes of a block.</summary>
    [JsonPropertyName("block_size")]
    public required int BlockSize { get; init; }

    /// <summary>Bytes that are committed.</summary>
    [JsonPropertyName("committed_bytes")]
    public required long CommittedBytes { get; init; }

    /// <summary>When it began.</summary>
    [JsonPropertyName("created")]
    public required DateTimeOffset Created { get; init; }

    /// <summary>When the URL ends.</summary>
    [JsonPropertyName("expires")]
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The job that completes it.</summary>
    [JsonPropertyName("job")]
    public string? Job { get; init; }

    /// <summary>Address of the data set after that; null for a model.</summary>
    [JsonPropertyName("dataset")]
    public string? Dataset { get; init; }
}

/// <summary>An upload in blocks.</summary>
public sealed record UploadAnswer : Answer
{
    /// <summary>The upload.</summary>
    [JsonPropertyName("upload")]
    public required UploadDetails Upload { get; init; }
}

/// <summary><c>POST /api/v1/models/{model}/uploads</c>; the body may also be empty.</summary>
public sealed record NewUploadRequest
{
    /// <summary>The client's name of the file; a data set needs one.</summary>
    [JsonPropertyName("file_name")]
    public string? FileName { get; init; }

    /// <summary>Bytes of the file.</summary>
    [JsonPropertyName("size_bytes")]
    public long? SizeBytes { get; init; }

    /// <summary><c>model</c> (the default) or <c>dataset</c>.</summary>
    [JsonPropertyName("kind")]
    public string? Kind { get; init; }
}

/// <summary><c>POST /api/v1/models/{model}/uploads/{upload}/complete</c>: what is left out is not said. A data set takes the hash and the size only.</summary>
public sealed record CompleteUploadRequest
{
    /// <summary>SHA-256 of the whole file, in hexadecimal digits.</summary>
    [JsonPropertyName("sha256")]
    public required string Sha256 { get; init; }

    /// <summary>Bytes of the whole file, when they are to be checked too.</summary>
    [JsonPropertyName("size_bytes"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeBytes { get; init; }

    /// <summary>Description of the version.</summary>
    [JsonPropertyName("description"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    /// <summary>New description of the model.</summary>
    [JsonPropertyName("model_description"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ModelDescription { get; init; }

    /// <summary>Tags of the version.</summary>
    [JsonPropertyName("tags"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Where the version comes from.</summary>
    [JsonPropertyName("source"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Source { get; init; }

    /// <summary>Aliases that are moved to the version.</summary>
    [JsonPropertyName("aliases"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Aliases { get; init; }
}
