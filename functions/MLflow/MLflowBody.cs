using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Errors;
using Larder.Registry.Text;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.MLflow;

/// <summary>
/// The arguments of a call of MLflow's API, by MLflow's rules: a query where the method is GET, JSON of a body otherwise (for DELETE and PATCH without a body the query); unknown members are ignored, null is absent, types
/// are checked member by member, and a refusal has MLflow's sentence (mlflow/server/handlers.py).
/// </summary>
/// <typeparam name="T">The record of the arguments; its required members are the ones that MLflow requires.</typeparam>
internal class MLflowQuery<T>
    where T : class
{
    private readonly Type _arguments = typeof(T);

    /// <summary>Refuses a body of so many bytes; null for calls that have no limit of their own.</summary>
    public Action<int>? RequireBytes { get; init; }

    /// <summary>Reads the arguments of a request.</summary>
    /// <exception cref="InvalidRequestException">They are not as they must be.</exception>
    public async Task<T> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var isQuery = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        var body = isQuery ? default : await MLflowArguments.ReadBodyAsync(request, cancellationToken);
        RequireBytes?.Invoke(body.Length);
        // Some proxies drop the body of a DELETE: its arguments may be in the query, too.
        var arguments = isQuery || (body.IsEmpty && !HttpMethods.IsPost(request.Method))
            ? MLflowArguments.OfQuery(request.Query, _arguments)
            : MLflowArguments.OfBody(body);
        return MLflowArguments.Check(arguments, _arguments, "").Deserialize<T>(MLflowArguments.Json)!;
    }
}

/// <summary>The same for a call that takes a body.</summary>
/// <inheritdoc cref="MLflowQuery{T}"/>
internal sealed class MLflowBody<T> : MLflowQuery<T>, IRequestBody
    where T : class
{
    /// <inheritdoc />
    public bool IsRequired => true;

    /// <inheritdoc />
    public IEnumerable<(string MediaType, JsonNode Schema)> Describe(ApiSchemas schemas) => [("application/json", schemas.OfRequest(typeof(T)))];
}

/// <summary>The rules of <see cref="MLflowQuery{T}"/>.</summary>
internal static class MLflowArguments
{
    // A batch is 1 MB at most; descriptions of data sets may be larger.
    private const int MaxBodyBytes = 4 << 20;
    private const string Hint = " See the API docs for more information about request parameters.";

    private static readonly JsonSerializerOptions Shown = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>How the checked arguments are read.</summary>
    public static JsonSerializerOptions Json { get; } = new() { TypeInfoResolver = new DefaultJsonTypeInfoResolver(), MaxDepth = JsonText.MaxDepth };

    /// <summary>A body, by MLflow's rules for the header <c>Content-Type</c>, which it has for POST and PUT only.</summary>
    /// <exception cref="InvalidRequestException">The header is missing or another, or the body is too large.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsPost(request.Method) || HttpMethods.IsPut(request.Method))
        {
            if (string.IsNullOrEmpty(request.ContentType))
                throw new InvalidRequestException("Bad Request. Content-Type header is missing.");
            if (!string.Equals(request.ContentType.Split(';')[0].Trim(), "application/json", StringComparison.OrdinalIgnoreCase))
                throw new InvalidRequestException("Bad Request. Content-Type must be one of ['application/json'].");
        }

        var body = await request.OpenJsonAsync(cancellationToken);
        return await RequestBody.ReadAsync(body.AsStream(leaveOpen: true), MaxBodyBytes, $"The JSON body is limited to {MaxBodyBytes} bytes.", cancellationToken);
    }

    /// <summary>The object of a body; an empty body is an empty object, and a text that is JSON itself is read once more.</summary>
    /// <exception cref="InvalidRequestException">It is no JSON object.</exception>
    public static JsonObject OfBody(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
            return [];
        var node = Parse(JsonText.Check(body.Span));
        if (node is JsonValue text && text.TryGetValue<string>(out var inner))
            node = Parse(JsonText.Check(Encoding.UTF8.GetBytes(inner)));
        return node as JsonObject ?? throw new InvalidRequestException("The request body must be a JSON object.");
    }

    /// <summary>The object that a query stands for: numbers and booleans by the record's types, a list for what is repeated.</summary>
    /// <exception cref="InvalidRequestException">A value is not of its type.</exception>
    public static JsonObject OfQuery(IQueryCollection query, Type type)
    {
        var arguments = new JsonObject();
        foreach (var property in type.GetProperties())
        {
            var name = NameOf(property);
            if (query[name] is not { Count: > 0 } values)
                continue;
            foreach (var value in values)
                RequestText.Require(value ?? "", $"The parameter {name}");
            arguments[name] = IsList(property.PropertyType) ? new JsonArray([.. values.Select(value => (JsonNode?)value)]) : (JsonNode?)values[^1];
        }
        return arguments;
    }

    /// <summary>Checks an object against a record, and leaves of it what the record has.</summary>
    /// <param name="arguments">The object.</param>
    /// <param name="type">The record.</param>
    /// <param name="path">What the request calls the object, as <c>metrics[0]</c>; empty for the request itself.</param>
    /// <exception cref="InvalidRequestException">A member is missing, or of another type.</exception>
    public static JsonObject Check(JsonObject arguments, Type type, string path)
    {
        var checkedArguments = new JsonObject();
        foreach (var property in type.GetProperties())
        {
            var name = NameOf(property);
            var at = path.Length == 0 ? name : $"{path}.{name}";
            var value = arguments[name];
            if (value is null || (value is JsonArray { Count: 0 } && IsRequired(property)))
            {
                if (IsRequired(property))
                    throw Missing(at);
                continue;
            }
            checkedArguments[name] = CheckValue(value, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, at);
        }
        return checkedArguments;
    }

    /// <summary>The refusal of a call that lacks an argument.</summary>
    public static InvalidRequestException Missing(string at) => new($"Missing value for required parameter '{at}'.{Hint}");

    private static JsonNode? CheckValue(JsonNode value, Type type, string at)
    {
        if (type == typeof(string))
            return value.GetValueKind() == JsonValueKind.String ? value.DeepClone() : throw Wrong(value, at);
        if (type == typeof(bool))
            return BoolOf(value) is { } truth ? truth : throw Wrong(value, at);
        if (type == typeof(long))
            return LongOf(value) is { } number ? number : throw Wrong(value, at);
        if (type == typeof(double))
            return DoubleOf(value) is { } number ? double.IsFinite(number) ? number : number.ToString(CultureInfo.InvariantCulture) : throw Wrong(value, at);
        if (!IsList(type))
            return value is JsonObject one ? Check(one, type, at) : throw Wrong(value, at);
        var item = type.GetGenericArguments()[0];
        // MLflow takes one text for a list of texts.
        if (value is not JsonArray items)
            return item == typeof(string) && value.GetValueKind() == JsonValueKind.String ? new JsonArray(value.DeepClone()) : throw Wrong(value, at);
        return new JsonArray([.. items.Select((element, i) => element is null ? throw Missing($"{at}[{i}]") : CheckValue(element, item, $"{at}[{i}]"))]);
    }

    private static InvalidRequestException Wrong(JsonNode value, string at)
    {
        var text = value.ToJsonString(Shown);
        return new InvalidRequestException($"Invalid value {(text.Length <= 1000 ? text : text[..1000] + "...")} for parameter '{at}' supplied:  Hint: Value was of type '{PythonTypeOf(value)}'.{Hint}");
    }

    // 64-bit integers may be texts, as Protocol Buffers write them.
    private static long? LongOf(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Number when long.TryParse(value.ToJsonString(), CultureInfo.InvariantCulture, out var number) => number,
        JsonValueKind.Number when double.TryParse(value.ToJsonString(), CultureInfo.InvariantCulture, out var number) && Math.Abs(number) < 1L << 53 && Math.Floor(number) == number => (long)number,
        JsonValueKind.String when long.TryParse(value.GetValue<string>(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    // A query has texts only.
    private static bool? BoolOf(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String when value.GetValue<string>() is "true" or "false" => value.GetValue<string>() == "true",
        _ => null,
    };

    private static double? DoubleOf(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Number => double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture),
        JsonValueKind.String when double.TryParse(value.GetValue<string>(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    private static string PythonTypeOf(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.String => "str",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Array => "list",
        JsonValueKind.Object => "dict",
        _ => value.ToJsonString().AsSpan().ContainsAny('.', 'e', 'E') ? "float" : "int",
    };

    private static JsonNode? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = JsonText.MaxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw new InvalidRequestException($"The request body is not valid JSON (line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}).");
        }
    }

    private static bool IsList(Type type) => type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable));

    private static bool IsRequired(PropertyInfo property) => property.IsDefined(typeof(RequiredMemberAttribute));

    private static string NameOf(PropertyInfo property) => property.GetCustomAttribute<JsonPropertyNameAttribute>()!.Name;
}
