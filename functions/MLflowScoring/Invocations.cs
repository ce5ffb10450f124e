using System.ComponentModel;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Prediction;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflowScoring;

/// <summary>Predictions as MLflow's scoring server takes them (mlflow/pyfunc/scoring_server).</summary>
public sealed class Invocations(PredictionEngine engine, ServedModel served, PredictionJson json, PredictionBody bodies, PredictionResponse answers)
{
    private static readonly JsonBody<InvocationRequest> Body = new("one of dataframe_split, dataframe_records, instances and inputs");
    private static readonly FileBody Table = new(InvocationType.Csv);

    /// <summary>Runs the model that the setting <c>Serving:Model</c> names.</summary>
    [Function("Invocations"), Requires(Role.Predictor, Scope = ScopeRule.Function), Description("Predict with the model of Serving:Model, as MLflow's scoring server.")]
    [Takes(nameof(Body), nameof(Table)), TakesHeaders(RequestTimeout.Header), Answers(typeof(InvocationAnswer))]
    public async Task<IActionResult> Served([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "invocations")] HttpRequest request, CancellationToken cancellationToken) =>
        await RunAsync(request, await served.RequireAsync(request, cancellationToken), cancellationToken);

    /// <summary>Runs any model.</summary>
    [Function("InvocationsOfModel"), Requires(Role.Predictor), Description("Predict, as MLflow's scoring server.")]
    [Takes(nameof(Body), nameof(Table)), TakesHeaders(RequestTimeout.Header), Answers(typeof(InvocationAnswer))]
    public Task<IActionResult> Model(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/models/{reference}/invocations")] HttpRequest request, string reference, CancellationToken cancellationToken) =>
        RunAsync(request, reference, cancellationToken);

    private Task<IActionResult> RunAsync(HttpRequest request, string reference, CancellationToken cancellationToken) => InvocationType.Refusal(request.ContentType) is { } refusal
        ? Task.FromResult<IActionResult>(new ContentResult { StatusCode = StatusCodes.Status415UnsupportedMediaType, ContentType = "text/plain; charset=utf-8", Content = refusal })
        : engine.RunAsync(reference, new InvocationExchange(request, json, bodies, answers), cancellationToken);
}

/// <summary>The media types that MLflow's scoring server takes.</summary>
internal static class InvocationType
{
    /// <summary>CSV with a header.</summary>
    public const string Csv = "text/csv";
    private const string Json = "application/json";

    /// <summary>Why a Content-Type is refused; null when it is not.</summary>
    public static string? Refusal(string? contentType)
    {
        var parts = (contentType ?? "").Split(';', StringSplitOptions.TrimEntries);
        var parameters = parts.Skip(1).Select(part => part.Split('=', 2)).ToList();
        if (parameters.LastOrDefault(pair => pair[0] == "charset") is { } charset && !(charset is [_, var name] && name.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
            return "The scoring server only supports UTF-8";
        var others = parameters.Select(pair => pair[0]).Where(name => name != "charset").Distinct(StringComparer.Ordinal).ToList();
        if (others.Count > 0)
            return $"Unrecognized content type parameters: {RequestText.Shown(string.Join(", ", others))}. A content type may have a charset only.";
        return parts[0] is Csv or Json ? null
            : $"This predictor only supports the following content types: Types: ['{Csv}', '{Json}']. Got '{RequestText.Shown(contentType ?? "None")}'.";
    }
}

/// <summary>What MLflow says of data frames that do not fit the signature of a model (its schema enforcement).</summary>
internal sealed class SchemaEnforcement : TableRules
{
    private const int MostShown = 20;

    /// <inheritdoc />
    public override bool SkipsOthers => true;

    /// <inheritdoc />
    public override bool TakesNameless => true;

    /// <inheritdoc />
    public override bool TakesWholeFloats => false;

    /// <inheritdoc />
    public override string Lacking(IReadOnlyList<string> missing, IReadOnlyList<string> others, string where) =>
        $"Failed to enforce schema of the data. Error: Model is missing inputs {List(missing)}.{(others.Count > 0 ? $" Note that there were extra inputs: {List(others)}." : "")}";

    /// <inheritdoc />
    public override string Unfitting(string column, JsonTokenType token, Datatype datatype, string sentence) =>
        $"Failed to enforce schema of the data. Error: Incompatible input types for column {RequestText.Shown(column)}. Can not safely convert {TypeOf(token)} to {TypeOf(datatype)}. {sentence}.";

    private static string List(IReadOnlyList<string> names) => $"[{string.Join(", ", names.Take(MostShown).Select(name => $"'{RequestText.Shown(name)}'"))}{(names.Count > MostShown ? ", ..." : "")}]";

    // The names of NumPy.
    private static string TypeOf(JsonTokenType token) => token switch
    {
        JsonTokenType.Number or JsonTokenType.Null => "float64",
        JsonTokenType.True or JsonTokenType.False => "bool",
        _ => "object",
    };

    private static string TypeOf(Datatype datatype) => datatype switch
    {
        Datatype.Fp16 => "float16",
        Datatype.Bf16 => "bfloat16",
        Datatype.Fp32 => "float32",
        Datatype.Fp64 => "float64",
        Datatype.Bytes => "str",
        _ => datatype.ToString().ToLowerInvariant(),
    };
}
