using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>A registered model.</summary>
public sealed record ModelDetails
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Free text.</summary>
    [JsonPropertyName("description")]
    public required string Description { get; init; }

    /// <summary>Free names and values.</summary>
    [JsonPropertyName("tags")]
    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>The caller that it belongs to.</summary>
    [JsonPropertyName("owner")]
    public string? Owner { get; init; }

    /// <summary>How its versions run.</summary>
    [JsonPropertyName("settings")]
    public required ModelSettings Settings { get; init; }

    /// <summary>Version number by alias.</summary>
    [JsonPropertyName("aliases")]
    public required IReadOnlyDictionary<string, int> Aliases { get; init; }

    /// <summary>The version that an unversioned request gets; null while the default follows the newest version.</summary>
    [JsonPropertyName("default_version")]
    public int? DefaultVersion { get; init; }

    /// <summary>The newest version that is ready; null while none is.</summary>
    [JsonPropertyName("latest_version")]
    public int? LatestVersion { get; init; }

    /// <summary>When it was created.</summary>
    [JsonPropertyName("created")]
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it was changed last.</summary>
    [JsonPropertyName("updated")]
    public required DateTimeOffset Updated { get; init; }

    /// <summary>Its latest changes; the audit log has all.</summary>
    [JsonPropertyName("audit")]
    public required IReadOnlyList<ModelChange> Audit { get; init; }

    /// <summary>Versions that are deleted and can be restored; absent without any.</summary>
    [JsonPropertyName("deleted_versions"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<VersionDeletionDetails>? DeletedVersions { get; init; }

    /// <summary>Of a deleted model that can be restored: its deletion; absent otherwise.</summary>
    [JsonPropertyName("deletion"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DeletionDetails? Deletion { get; init; }
}

/// <summary>The deletion of something that can be restored.</summary>
public record DeletionDetails
{
    /// <summary>When it was deleted.</summary>
    [JsonPropertyName("when")]
    public required DateTimeOffset When { get; init; }

    /// <summary>The caller that deleted it.</summary>
    [JsonPropertyName("who")]
    public string? Who { get; init; }
}

/// <summary>The deletion of a version.</summary>
public sealed record VersionDeletionDetails : DeletionDetails
{
    /// <summary>The version.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }
}

/// <summary>A change of a model, as its document has it.</summary>
public sealed record ModelChange
{
    /// <summary>The revision of the audit record; null for changes of an early release.</summary>
    [JsonPropertyName("revision")]
    public int? Revision { get; init; }

    /// <summary>When it was made.</summary>
    [JsonPropertyName("when")]
    public required DateTimeOffset When { get; init; }

    /// <summary>The caller that made it.</summary>
    [JsonPropertyName("who")]
    public string? Who { get; init; }

    /// <summary>What was done.</summary>
    [JsonPropertyName("what")]
    public required string What { get; init; }

    /// <summary>The alias that was moved.</summary>
    [JsonPropertyName("alias")]
    public string? Alias { get; init; }

    /// <summary>The version that it pointed at before.</summary>
    [JsonPropertyName("from")]
    public int? From { get; init; }

    /// <summary>The version that it points at since.</summary>
    [JsonPropertyName("to")]
    public int? To { get; init; }
}

/// <summary>How a model's versions run. In a request, what is left out has its default.</summary>
public sealed record ModelSettings
{
    /// <summary>Of ONNX Runtime's sessions.</summary>
    [JsonPropertyName("session")]
    public SessionSettings Session { get; init; } = new();

    /// <summary>Of running requests together.</summary>
    [JsonPropertyName("batching")]
    public BatchingSettings Batching { get; init; } = new();

    /// <summary>Of requests that wait for a run.</summary>
    [JsonPropertyName("queue")]
    public QueueSettings Queue { get; init; } = new();

    /// <summary>Of turning images into tensors.</summary>
    [JsonPropertyName("image")]
    public ImageSettings Image { get; init; } = new();

    /// <summary>Of answering with the outputs of earlier runs.</summary>
    [JsonPropertyName("cache")]
    public CacheSettings Cache { get; init; } = new();

    /// <summary>What becomes of missing values of floating-point inputs: <c>refuse</c> or <c>nan</c>; null where the model's graph decides.</summary>
    [JsonPropertyName("missing")]
    public string? Missing { get; init; }
}

/// <summary>Settings of ONNX Runtime's sessions.</summary>
public sealed record SessionSettings
{
    /// <summary>Threads of one operator, 1 to 256; null for the server's choice.</summary>
    [JsonPropertyName("intra_op_threads")]
    public int? IntraOpThreads { get; init; }

    /// <summary>Graph optimisation: <c>none</c>, <c>basic</c>, <c>extended</c> or <c>all</c>.</summary>
    [JsonPropertyName("optimization")]
    public string Optimization { get; init; } = "all";
}

/// <summary>Settings of running requests together.</summary>
public sealed record BatchingSettings
{
    /// <summary>Whether requests are run together; null where the model decides.</summary>
    [JsonPropertyName("enabled")]
    public bool? Enabled { get; init; }

    /// <summary>Most rows of a run, 1 to 65536.</summary>
    [JsonPropertyName("max_rows")]
    public int MaxRows { get; init; } = 64;
}

/// <summary>Settings of requests that wait for a run.</summary>
public sealed record QueueSettings
{
    /// <summary>Seconds within which a request must be answered that does not say it itself, 0.001 to 86400; null for as long as it takes.</summary>
    [JsonPropertyName("timeout_seconds")]
    public double? TimeoutSeconds { get; init; }

    /// <summary>Requests that may wait, 1 to 1000000; null for the server's limit.</summary>
    [JsonPropertyName("max_requests")]
    public int? MaxRequests { get; init; }
}

/// <summary>Settings of answering with the outputs of earlier runs.</summary>
public sealed record CacheSettings
{
    /// <summary>Whether a request is answered with the outputs of an earlier run of the version with the same inputs.</summary>
    [JsonPropertyName("enabled")]
    public bool Enabled { get; init; }

    /// <summary>Seconds after which the model is run again, 1 to 2592000.</summary>
    [JsonPropertyName("seconds")]
    public int Seconds { get; init; } = 300;
}

/// <summary>How an image becomes a tensor: each pixel value is multiplied by the scale, reduced by the mean and divided by the standard deviation.</summary>
public sealed record ImageSettings
{
    /// <summary>Factor of each pixel value, 0 to 255.</summary>
    [JsonPropertyName("scale")]
    public double Scale { get; init; } = 1;

    /// <summary>One for all channels, or one for each.</summary>
    [JsonPropertyName("mean")]
    public IReadOnlyList<double> Mean { get; init; } = [0];

    /// <summary>One for all channels, or one for each.</summary>
    [JsonPropertyName("std")]
    public IReadOnlyList<double> Std { get; init; } = [1];

    /// <summary><c>RGB</c> or <c>BGR</c>.</summary>
    [JsonPropertyName("channel_order")]
    public string ChannelOrder { get; init; } = "RGB";

    /// <summary><c>stretch</c> or <c>crop</c>.</summary>
    [JsonPropertyName("resize")]
    public string Resize { get; init; } = "stretch";
}

/// <summary>A version of a model.</summary>
public sealed record VersionDetails
{
    /// <summary>The model.</summary>
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    /// <summary>The number.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }

    /// <summary><c>PENDING</c>, <c>READY</c> or <c>FAILED</c>.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>SHA-256 of the file, in lower-case hexadecimal digits.</summary>
    [JsonPropertyName("sha256")]
    public required string Sha256 { get; init; }

    /// <summary>Bytes of the file.</summary>
    [JsonPropertyName("size_bytes")]
    public required long SizeBytes { get; init; }

    /// <summary>The client's name of the file.</summary>
    [JsonPropertyName("file_name")]
    public string? FileName { get; init; }

    /// <summary>Free text.</summary>
    [JsonPropertyName("description")]
    public required string Description { get; init; }

    /// <summary>Free names and values.</summary>
    [JsonPropertyName("tags")]
    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>Where it comes from, such as <c>upload</c>.</summary>
    [JsonPropertyName("source")]
    public required string Source { get; init; }

    /// <summary><c>model</c>; <c>optimized</c> for a compiled one; <c>other</c> for one of another framework, which takes no predictions.</summary>
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    /// <summary>Id of the job that made it.</summary>
    [JsonPropertyName("job")]
    public string? Job { get; init; }

    /// <summary>Id of MLflow's run whose artifact it is.</summary>
    [JsonPropertyName("run"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Run { get; init; }

    /// <summary>The version that this one was compiled from.</summary>
    [JsonPropertyName("optimized_from")]
    public int? OptimizedFrom { get; init; }

    /// <summary>The version that was compiled from this one.</summary>
    [JsonPropertyName("optimized_to")]
    public int? OptimizedTo { get; init; }

    /// <summary>Inputs and outputs.</summary>
    [JsonPropertyName("signature")]
    public required SignatureDetails Signature { get; init; }

    /// <summary>ONNX's version of the file format.</summary>
    [JsonPropertyName("ir_version")]
    public required long IrVersion { get; init; }

    /// <summary>Operator set versions by domain.</summary>
    [JsonPropertyName("opsets")]
    public required IReadOnlyDictionary<string, long> Opsets { get; init; }

    /// <summary>The program that wrote the file.</summary>
    [JsonPropertyName("producer")]
    public string? Producer { get; init; }

    /// <summary>Whether rows of one run do not influence each other, so that requests can be run together.</summary>
    [JsonPropertyName("rows_are_independent")]
    public required bool RowsAreIndependent { get; init; }

    /// <summary>Whether the graph itself deals with NaN, so that missing values become NaN unless the model's settings say otherwise.</summary>
    [JsonPropertyName("takes_missing")]
    public required bool TakesMissing { get; init; }

    /// <summary>Metrics of the job that made it.</summary>
    [JsonPropertyName("metrics")]
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Names of the classes.</summary>
    [JsonPropertyName("labels")]
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>The columns of its only input, in their order.</summary>
    [JsonPropertyName("features")]
    public required IReadOnlyList<FeatureDetails> Features { get; init; }

    /// <summary>The files of a model of several, the one that is loaded first; absent for a model of one file. <c>sha256</c> is then that of the manifest.</summary>
    [JsonPropertyName("manifest"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<VersionFileDetails>? Manifest { get; init; }

    /// <summary>Files beside the model.</summary>
    [JsonPropertyName("files")]
    public required IReadOnlyList<VersionFileDetails> Files { get; init; }

    /// <summary>Its samples; absent without any.</summary>
    [JsonPropertyName("samples"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SampleSetDetails? Samples { get; init; }

    /// <summary>When it was created.</summary>
    [JsonPropertyName("created")]
    public required DateTimeOffset Created { get; init; }
}

/// <summary>How a version's outputs are compared with those of its samples.</summary>
public sealed record SampleSetDetails
{
    /// <summary>How far they may be apart.</summary>
    [JsonPropertyName("tolerance")]
    public required ToleranceDetails Tolerance { get; init; }

    /// <summary>The last comparison; null before the first.</summary>
    [JsonPropertyName("check")]
    public SampleCheckDetails? Check { get; init; }
}

/// <summary>How far floating-point outputs may be from expected ones: |output - expected| &lt;= atol + rtol * |expected|.</summary>
public sealed record ToleranceDetails
{
    /// <summary>Absolute tolerance.</summary>
    [JsonPropertyName("atol")]
    public double Atol { get; init; } = 1e-5;

    /// <summary>Relative tolerance.</summary>
    [JsonPropertyName("rtol")]
    public double Rtol { get; init; } = 1e-4;
}

/// <summary>A comparison of a version's outputs with those of its samples.</summary>
public sealed record SampleCheckDetails
{
    /// <summary>The version of ONNX Runtime that ran it.</summary>
    [JsonPropertyName("onnx_runtime")]
    public required string OnnxRuntime { get; init; }

    /// <summary>When it ran.</summary>
    [JsonPropertyName("when")]
    public required DateTimeOffset When { get; init; }

    /// <summary>The first difference beyond the tolerance, in a sentence; null when there was none.</summary>
    [JsonPropertyName("difference")]
    public string? Difference { get; init; }
}

/// <summary>The samples of a version.</summary>
public sealed record SamplesAnswer : Answer
{
    /// <summary>The version.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }

    /// <summary>The samples, in their order.</summary>
    [JsonPropertyName("samples")]
    public required IReadOnlyList<SampleDetails> Samples { get; init; }

    /// <summary>How far outputs may be apart.</summary>
    [JsonPropertyName("tolerance")]
    public required ToleranceDetails Tolerance { get; init; }

    /// <summary>The last comparison; null before the first.</summary>
    [JsonPropertyName("check")]
    public SampleCheckDetails? Check { get; init; }
}

/// <summary>A sample.</summary>
public sealed record SampleDetails
{
    /// <summary>The <c>values</c> of a prediction.</summary>
    [JsonPropertyName("values")]
    public JsonNode? Values { get; init; }

    /// <summary>The outputs that are expected, by name.</summary>
    [JsonPropertyName("outputs")]
    public required JsonObject Outputs { get; init; }
}

/// <summary>A named column of a model's only input.</summary>
public sealed record FeatureDetails
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The kind of value, in the owner's words.</summary>
    [JsonPropertyName("type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; init; }

    /// <summary>The unit of measurement.</summary>
    [JsonPropertyName("unit"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Unit { get; init; }

    /// <summary>Whether a missing value becomes NaN; absent where the model decides.</summary>
    [JsonPropertyName("missing"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Missing { get; init; }

    /// <summary>What is taken where the value is missing.</summary>
    [JsonPropertyName("default"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Default { get; init; }
}

/// <summary>A file that belongs to a version, such as its model card.</summary>
public sealed record VersionFileDetails
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>SHA-256 of its bytes.</summary>
    [JsonPropertyName("sha256")]
    public required string Sha256 { get; init; }

    /// <summary>Its size.</summary>
    [JsonPropertyName("size_bytes")]
    public required long SizeBytes { get; init; }
}

/// <summary>What a model takes and what it answers.</summary>
public sealed record SignatureDetails
{
    /// <summary>Inputs, in the model's order; behind them the optional ones.</summary>
    [JsonPropertyName("inputs")]
    public required IReadOnlyList<ValueDetails> Inputs { get; init; }

    /// <summary>Outputs, in the model's order.</summary>
    [JsonPropertyName("outputs")]
    public required IReadOnlyList<ValueDetails> Outputs { get; init; }
}

/// <summary>An input or an output.</summary>
public sealed record ValueDetails
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary><c>tensor</c>, <c>sequence</c> or <c>map</c>.</summary>
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    /// <summary>Open Inference datatype of a tensor's elements or of a map's values; absent for sequences.</summary>
    [JsonPropertyName("datatype"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Datatype { get; init; }

    /// <summary>Shape of a tensor, -1 for a variable dimension; absent otherwise.</summary>
    [JsonPropertyName("shape"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<long>? Shape { get; init; }

    /// <summary>Datatype of a map's keys; absent otherwise.</summary>
    [JsonPropertyName("key_datatype"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? KeyDatatype { get; init; }

    /// <summary>What a sequence holds; absent otherwise.</summary>
    [JsonPropertyName("element"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ValueDetails? Element { get; init; }

    /// <summary>True for an input that a prediction may leave out: an initializer of the file, whose own value then counts; absent otherwise.</summary>
    [JsonPropertyName("optional"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Optional { get; init; }
}

/// <summary>What MLBuffet's information routes say of a model, and what more there is to say.</summary>
public sealed record ModelInformation
{
    /// <summary>The model.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Free text.</summary>
    [JsonPropertyName("description")]
    public required string Description { get; init; }

    /// <summary>Always <c>onnx</c>.</summary>
    [JsonPropertyName("model_type")]
    public string ModelType { get; init; } = "onnx";

    /// <summary>Name of the first input; null while no version is ready.</summary>
    [JsonPropertyName("input_name")]
    public string? InputName { get; init; }

    /// <summary>Shape of the first input: the name is MLBuffet's.</summary>
    [JsonPropertyName("num_inputs")]
    public IReadOnlyList<long>? NumInputs { get; init; }

    /// <summary>Name of the first output.</summary>
    [JsonPropertyName("output_name")]
    public string? OutputName { get; init; }

    /// <summary>The version that an unversioned request gets.</summary>
    [JsonPropertyName("default_version")]
    public int? DefaultVersion { get; init; }

    /// <summary>The model.</summary>
    [JsonPropertyName("model")]
    public required ModelDetails Model { get; init; }

    /// <summary>The version that was asked for; null while no version is ready.</summary>
    [JsonPropertyName("version")]
    public VersionDetails? Version { get; init; }
}

/// <summary>A version as MLBuffet's information shows it.</summary>
public sealed record TagVersion
{
    /// <summary>Where it is downloaded.</summary>
    [JsonPropertyName("path")]
    public required string Path { get; init; }

    /// <summary>The file's name.</summary>
    [JsonPropertyName("file")]
    public required string? File { get; init; }

    /// <summary>When it was made, in UTC: <c>HH:mm:ss dd/MM/yyyy</c>.</summary>
    [JsonPropertyName("time")]
    public required string Time { get; init; }

    /// <summary>Free text.</summary>
    [JsonPropertyName("description")]
    public required string? Description { get; init; }

    /// <summary>The upload's <c>library_version</c>; null when it named none.</summary>
    [JsonPropertyName("ml_library")]
    public required string? MlLibrary { get; init; }
}

/// <summary><c>GET /api/v1/models/{reference}</c>: a model, a version of it and a page of all its versions.</summary>
public sealed record ModelAnswer : Answer
{
    /// <summary>The model.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Free text.</summary>
    [JsonPropertyName("description")]
    public required string Description { get; init; }

    /// <summary>Always <c>onnx</c>.</summary>
    [JsonPropertyName("model_type")]
    public string ModelType { get; init; } = "onnx";

    /// <summary>Name of the first input; null while no version is ready.</summary>
    [JsonPropertyName("input_name")]
    public string? InputName { get; init; }

    /// <summary>Shape of the first input: the name is MLBuffet's.</summary>
    [JsonPropertyName("num_inputs")]
    public IReadOnlyList<long>? NumInputs { get; init; }

    /// <summary>Name of the first output.</summary>
    [JsonPropertyName("output_name")]
    public string? OutputName { get; init; }

    /// <summary>The version that an unversioned request gets.</summary>
    [JsonPropertyName("default_version")]
    public int? DefaultVersion { get; init; }

    /// <summary>The model.</summary>
    [JsonPropertyName("model")]
    public required ModelDetails Model { get; init; }

    /// <summary>The version that was asked for; null while no version is ready.</summary>
    [JsonPropertyName("version")]
    public VersionDetails? Version { get; init; }

    /// <summary>How the server that answers has the version in memory at this moment; null while it does not. It is not part of what the ETag stands for.</summary>
    [JsonPropertyName("serving")]
    public ServingDetails? Serving { get; init; }

    /// <summary>The same page of versions as MLBuffet shows it, by number.</summary>
    [JsonPropertyName("tag_list_versions")]
    public required IReadOnlyDictionary<string, TagVersion> TagListVersions { get; init; }

    /// <summary>A page of versions, the oldest first.</summary>
    [JsonPropertyName("versions")]
    public required IReadOnlyList<VersionDetails> Versions { get; init; }

    /// <summary><c>?cursor=</c> of the next page; null at the last one.</summary>
    [JsonPropertyName("next_cursor")]
    public string? NextCursor { get; init; }
}

/// <summary>How a server has a version in memory.</summary>
public sealed record ServingDetails
{
    /// <summary>Memory of the session by estimate, in bytes.</summary>
    [JsonPropertyName("bytes")]
    public required long Bytes { get; init; }

    /// <summary>Threads of a run.</summary>
    [JsonPropertyName("threads")]
    public required int Threads { get; init; }

    /// <summary>
    /// Why: <c>settings</c>; <c>short_runs</c>, which more threads could not help; <c>measured</c> when it was loaded; or <c>size</c>, that of the file, where runs could not be timed.
    /// </summary>
    [JsonPropertyName("threads_reason")]
    public required string ThreadsReason { get; init; }

    /// <summary>Runs of one row per second, measured with as many callers as there are cores and one thread each.</summary>
    [JsonPropertyName("one_thread_runs_per_second"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? OneThreadRunsPerSecond { get; init; }

    /// <summary>Runs of one row per second, measured one after the other with all cores.</summary>
    [JsonPropertyName("all_cores_runs_per_second"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AllCoresRunsPerSecond { get; init; }

    /// <summary>Runs that may go on at the same time.</summary>
    [JsonPropertyName("concurrent_runs")]
    public required int ConcurrentRuns { get; init; }
}

/// <summary><c>GET /api/v1/models</c>: names of models.</summary>
public sealed record ModelListAnswer : Answer
{
    /// <summary>Names, in order.</summary>
    [JsonPropertyName("model_list")]
    public required IReadOnlyList<string> ModelList { get; init; }

    /// <summary>The models; with <c>?detail=true</c> only.</summary>
    [JsonPropertyName("models"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ModelDetails>? Models { get; init; }

    /// <summary><c>?cursor=</c> of the next page; null at the last one.</summary>
    [JsonPropertyName("next_cursor")]
    public string? NextCursor { get; init; }
}

/// <summary><c>GET /api/v1/models/information</c>: information on models.</summary>
public sealed record ModelInformationListAnswer : Answer
{
    /// <summary>Information on each model.</summary>
    [JsonPropertyName("models")]
    public required IReadOnlyList<ModelInformation> Models { get; init; }

    /// <summary><c>?cursor=</c> of the next page; null at the last one.</summary>
    [JsonPropertyName("next_cursor")]
    public string? NextCursor { get; init; }
}

/// <summary><c>PUT /api/v1/models/{model}</c>: the new version.</summary>
public sealed record UploadedVersionAnswer : Answer
{
    /// <summary>The new version.</summary>
    [JsonPropertyName("version")]
    public required VersionDetails Version { get; init; }

    /// <summary>The version that an unversioned request gets now.</summary>
    [JsonPropertyName("default_version")]
    public int? DefaultVersion { get; init; }

    /// <summary>What else there is to say: files of an archive that were ignored, an alias that did not move.</summary>
    [JsonPropertyName("note"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Note { get; init; }
}

/// <summary><c>POST /api/v1/models/{model}</c>: the model after an edit.</summary>
public sealed record ModelEditAnswer : Answer
{
    /// <summary>The model.</summary>
    [JsonPropertyName("model")]
    public required ModelDetails Model { get; init; }
}

/// <summary><c>POST /api/v1/models/{model}:{version}</c>: the version after an edit.</summary>
public sealed record VersionEditAnswer : Answer
{
    /// <summary>The version.</summary>
    [JsonPropertyName("version")]
    public required VersionDetails Version { get; init; }
}

/// <summary><c>DELETE /api/v1/models/{reference}</c> of one version: what pointed at it.</summary>
public sealed record VersionDeletionAnswer : Answer
{
    /// <summary>Aliases that pointed at the version and were removed with it.</summary>
    [JsonPropertyName("removed_aliases")]
    public required IReadOnlyList<string> RemovedAliases { get; init; }

    /// <summary>The version that an unversioned request got before.</summary>
    [JsonPropertyName("previous_default")]
    public int? PreviousDefault { get; init; }

    /// <summary>The version that it gets now.</summary>
    [JsonPropertyName("default_version")]
    public int? DefaultVersion { get; init; }
}

/// <summary>The answer to a moved or removed alias: the previous target, so that one more request takes the move back.</summary>
public sealed record AliasAnswer : Answer
{
    /// <summary>The alias.</summary>
    [JsonPropertyName("alias")]
    public required string Alias { get; init; }

    /// <summary>The version that it pointed at before.</summary>
    [JsonPropertyName("previous")]
    public int? Previous { get; init; }

    /// <summary>The version that it points at now.</summary>
    [JsonPropertyName("current")]
    public int? Current { get; init; }
}

/// <summary><c>POST /api/v1/models/{model}</c>: what is left out stays.</summary>
public sealed record ModelEditRequest
{
    /// <summary>New description.</summary>
    [JsonPropertyName("model_description")]
    public string? ModelDescription { get; init; }

    /// <summary>New owner.</summary>
    [JsonPropertyName("owner")]
    public string? Owner { get; init; }

    /// <summary>Tags to set; null removes one.</summary>
    [JsonPropertyName("tags")]
    public Dictionary<string, string?>? Tags { get; init; }

    /// <summary>New settings, whole.</summary>
    [JsonPropertyName("settings")]
    public ModelSettings? Settings { get; init; }
}

/// <summary><c>POST /api/v1/models/{model}:{version}</c>: what is left out stays.</summary>
public sealed record VersionEditRequest
{
    /// <summary>New description.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>Where the version comes from.</summary>
    [JsonPropertyName("source")]
    public string? Source { get; init; }

    /// <summary>Tags to set; null removes one.</summary>
    [JsonPropertyName("tags")]
    public Dictionary<string, string?>? Tags { get; init; }

    /// <summary>Names of the classes, all of them.</summary>
    [JsonPropertyName("labels")]
    public List<string>? Labels { get; init; }

    /// <summary>The columns of the only input, all of them: names, or objects as in answers.</summary>
    [JsonPropertyName("features")]
    public List<JsonElement>? Features { get; init; }

    /// <summary>How far outputs may be from those of the samples.</summary>
    [JsonPropertyName("sample_tolerance")]
    public ToleranceDetails? SampleTolerance { get; init; }
}

/// <summary><c>POST /api/v1/models/{model}/default</c>.</summary>
public sealed record DefaultRequest
{
    /// <summary>The version that requests without a version get; null for the newest.</summary>
    [JsonPropertyName("default"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required int? Default { get; init; }
}

/// <summary><c>PUT /api/v1/models/{model}/aliases/{alias}</c>.</summary>
public sealed record AliasRequest
{
    /// <summary>The version that the alias is to point at.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }
}
