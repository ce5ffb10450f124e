using System.Text.Json.Nodes;
using Larder.Functions.Http;
using Larder.Functions.OpenInference;
using Larder.Functions.Prediction;

namespace Larder.Functions.OpenApi;

/// <summary>What a parameter of a route, a query or a header means, wherever it occurs.</summary>
/// <param name="Meaning">A sentence for callers.</param>
/// <param name="Schema">Its JSON Schema.</param>
internal sealed record Parameter(string Meaning, string Schema)
{
    private const string Name = """{"type":"string","pattern":"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$"}""";
    private const string Text = """{"type":"string"}""";
    private const string Texts = """{"type":"array","items":{"type":"string"}}""";
    private const string Count = """{"type":"integer","minimum":1}""";
    private const string Flag = """{"type":"boolean","default":false}""";
    private const string Time = "A date or a time as in 2026-01-31 or 2026-01-31T12:00:00Z";

    /// <summary>Whether it may be given several times.</summary>
    public bool IsRepeatable => Schema == Texts;

    /// <summary>The parameters of routes.</summary>
    public static IReadOnlyDictionary<string, Parameter> Path { get; } = new Dictionary<string, Parameter>
    {
        ["model"] = new("The model's name.", Name),
        ["reference"] = new("A model's name, name:3 (a version) or name:champion (an alias).", Text),
        ["version"] = new("A version's number, or an alias.", Text),
        ["alias"] = new("An alias.", Name),
        ["experiment"] = new("The id of an MLflow experiment.", Text),
        ["modelId"] = new("The id of a logged model of MLflow.", Text),
        ["tagKey"] = new("The tag's name.", Text),
        ["job"] = new("The job's id.", Text),
        ["schedule"] = new("The schedule's id.", Text),
        ["upload"] = new("The upload's id.", Text),
        ["label"] = new("An alias.", Name),
        ["method"] = new("predict, classify or regress.", Text),
        ["token"] = new("The token's id, which is not its secret.", Text),
        ["webhook"] = new("The webhook's id.", Text),
        ["delivery"] = new("The delivery's id.", Text),
        ["file"] = new("The file's name.", Text),
        ["kind"] = new("What kind of node: dataset, file, job, run, run-dataset, logged-model, model, version or alias.", Text),
        ["id"] = new("The node's id: model/file of a data set, the SHA-256 of a file, the id of a job, run or logged model, name@digest of a data set of MLflow, the name of a model, name:3 of a version, name:champion of an alias.", Text),
        ["name"] = new("The input's name: script, requirements, dataset or options.", Text),
        ["path"] = new("The rest of the path, such as that of a file below a job's outputs; it may have slashes.", Text),
    };

    /// <summary>The parameters of queries. What may be repeated here is what <see cref="QueryParameters.RequireKnown"/> lets pass.</summary>
    public static IReadOnlyDictionary<string, Parameter> Query { get; } = new Dictionary<string, Parameter>
    {
        ["activation"] = new("Turns raw scores into probabilities.", """{"type":"string","enum":["softmax","sigmoid"]}"""),
        ["actor"] = new("Records of this caller only.", Text),
        ["after"] = new("Lines behind this number.", """{"type":"integer","minimum":0}"""),
        ["attempt"] = new("The attempt whose log is asked for; without it, the last.", Count),
        ["by_position"] = new("Whether the columns of CSV are fed in their order, whatever they are called.", Flag),
        ["cursor"] = new("next_cursor of the page before.", Text),
        ["dataset"] = new("The digest of the data set that counts, or its beginning; needed where the runs have several.", Text),
        ["deleted"] = new("Whether to list the deleted models that can be restored.", Flag),
        ["depth"] = new("The most edges between the asked node and another one.", Count),
        ["detail"] = new("Whether to answer the models beside their names.", Flag),
        ["differences"] = new("Whether to leave out what is the same in all runs.", Flag),
        ["direction"] = new("max when more is better, min when less is.", """{"type":"string","enum":["max","min"]}"""),
        ["enabled"] = new("Schedules that run, or those that are paused.", """{"type":"boolean"}"""),
        ["filter"] = new("A filter of MLflow runs, such as params.depth = '3' AND metrics.loss < 0.5.", Text),
        ["force"] = new("Whether to do it although something depends on it, or samples say otherwise.", Flag),
        ["format"] = new("The format of the file.", """{"type":"string","enum":["csv","json"],"default":"csv"}"""),
        ["from"] = new($"{Time}: what is older is left out.", Text),
        ["header"] = new("Whether the first row of CSV has the names of the columns.", """{"type":"boolean","default":true}"""),
        ["kind"] = new("Items of this kind: model, version, dataset, run or job; several kinds separated by commas, or several times.", Texts),
        ["limit"] = new("Most items of the answer.", Count),
        ["metric"] = new("The name of a metric.", Texts),
        ["model"] = new("Items of this model only.", Name),
        ["order"] = new("What comes first, as title DESC; without it, the best hit.", Text),
        ["output"] = new("The output that top and activation are for.", Text),
        ["owner"] = new("Items of this caller; several times for several callers.", Texts),
        ["purge"] = new("Whether to delete for good, so that it cannot be restored.", Flag),
        ["q"] = new("Words of which each must occur, or begin a word, or be one but for a typo.", Text),
        ["reference"] = new("The model whose document to show, as name, name:3 or name:champion.", Text),
        ["run"] = new("The id of a run; several times for several.", Texts),
        ["runs"] = new("Ids of runs, separated by commas.", Text),
        ["schedule"] = new("Jobs of this schedule only, by its id.", Text),
        ["state"] = new("Jobs in this state; several states separated by commas, or several times.", Texts),
        ["subject"] = new("Records of this subject only, such as models/iris.", Text),
        ["tag"] = new("Models with this tag, as key:value or as the key alone; several times for models that have all.", Texts),
        ["text"] = new("Jobs that have this text in id, model, reason or source.", Text),
        [RequestTimeout.Parameter] = new("Seconds within which the answer must be there; a request that would wait longer is refused with 429.", """{"type":"number","minimum":0.001,"maximum":86400}"""),
        ["to"] = new($"{Time}: what is newer is left out.", Text),
        ["top"] = new("How many classes with the highest scores to answer.", """{"type":"integer","minimum":1,"maximum":1000}"""),
        ["type"] = new("Jobs of this type; several types separated by commas, or several times.", Texts),
    };

    /// <summary>The request headers.</summary>
    public static IReadOnlyDictionary<string, Parameter> Headers { get; } = new Dictionary<string, Parameter>
    {
        [EntityTags.IfMatch] = new("ETags, one of which the document must still have; otherwise the answer is 412.", Text),
        [EntityTags.IfNoneMatch] = new("ETags that the caller has: if one is still right, the answer is 304.", Text),
        ["Range"] = new("The part of the file that is asked for: one range of bytes.", Text),
        ["If-Range"] = new("An ETag: if it is not the file's, the answer is the whole file.", Text),
        [IdempotencyKey.Header] = new("A key of the caller's choice: a repeated request with the same key is answered with what the first has made.", Text),
        [RequestTimeout.Header] = new("wait=10 for seconds within which the answer must be there (RFC 7240); a request that would wait longer is refused with 429.", Text),
        ["Accept"] = new("text/event-stream for a live stream.", Text),
        ["Last-Event-ID"] = new("The id of the last event of a stream that broke off.", Text),
        [Infer.JsonLengthHeader] = new("The length of the JSON in bytes, where bytes of tensors follow it.", """{"type":"integer","minimum":0}"""),
    };

    /// <summary>The schema as JSON.</summary>
    public JsonNode SchemaNode => JsonNode.Parse(Schema)!;
}
