using System.Net;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;

namespace Larder.Functions.Tests.OpenApi;

/// <summary>The OpenAPI document of the whole API, and the declarations that it is made of.</summary>
[Collection(nameof(SharedLarder))]
public sealed class ApiDocumentTests(LarderFixture larder)
{
    private const string Update = "LARDER_UPDATE_OPENAPI";

    private const BindingFlags Statics = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly IReadOnlyList<RouteTable.Entry> Functions = [.. new RouteTable().Entries.Where(ApiDocument.Has)];

    [Fact]
    public void The_document_has_every_method_of_every_route_and_no_other()
    {
        var documented = DocumentedApi.Document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}"));
        var templates = Functions.Select(function => function.Path).ToList();

        Assert.Equal(
            Functions.SelectMany(function => function.Methods.Select(method => $"{method} {ApiDocument.PathOf(function.Path, templates)}")).Order(StringComparer.Ordinal),
            documented.Order(StringComparer.Ordinal));
        Assert.True(Functions.Count > 60, $"{Functions.Count}");
    }

    [Fact]
    public void Each_function_declares_what_the_document_says_of_it() => Assert.Empty(Functions.SelectMany(Missing));

    [Fact]
    public void Each_body_that_a_class_reads_is_declared_by_one_of_its_functions()
    {
        var declared = Functions.Concat(new RouteTable().Pages).SelectMany(ApiDocument.RequestBodiesOf).ToHashSet(ReferenceEqualityComparer.Instance);
        var defined = typeof(RouteTable).Assembly.GetTypes().SelectMany(type => type.GetFields(Statics)).Where(field => field.FieldType.IsAssignableTo(typeof(IRequestBody)) && !field.DeclaringType!.ContainsGenericParameters).ToList();

        Assert.True(defined.Count > 15, $"{defined.Count}");
        Assert.Empty(defined.Where(field => !declared.Contains(field.GetValue(null)!)).Select(field => $"No [Takes] names {field.DeclaringType!.Name}.{field.Name}."));
    }

    [Fact]
    public async Task The_document_is_valid_and_the_same_for_every_caller()
    {
        using var response = await larder.Client.GetAsync("/openapi.json");
        var text = await response.Content.ReadAsStringAsync();
        var read = OpenApiDocument.Parse(text, OpenApiConstants.Json);

        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(DocumentedApi.Document.ToJsonString(), JsonNode.Parse(text)!.ToJsonString());
        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic.SpecificationVersion);
        var ids = Operations().Select(operation => (string)operation["operationId"]!).ToList();
        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public void Every_reference_leads_to_a_component()
    {
        var components = DocumentedApi.Document["components"]!;

        Assert.DoesNotContain(References(DocumentedApi.Document), reference => reference.Split('/') is not ["#", "components", var kind, var name] || components[kind]?[name] is null);
    }

    [Fact]
    public void What_needs_a_role_has_the_security_schemes_and_what_is_open_has_none()
    {
        var open = Operations().Where(operation => operation["security"] is null).Select(operation => (string)operation["operationId"]!);

        Assert.Equal(Functions.Where(function => function.Role == Registry.Access.Role.None).Select(function => function.Function).Order(), open.Order());
        Assert.Equal(["basic", "bearer", "code", "key"], DocumentedApi.Document["components"]!["securitySchemes"]!.AsObject().Select(scheme => scheme.Key).Order());
        Assert.Contains(Credential.KeyHeader, DocumentedApi.Document["components"]!["securitySchemes"]!.ToJsonString());
    }

    [Theory]
    [InlineData("/api/v1/jobs?stat=queued", "The parameter 'stat' is not known here; state, type, owner, model, schedule, text, from, to, limit, cursor are.")]
    [InlineData("/api/v1/models/iris/files/README.md?x=1", "The parameter 'x' is not known here; none is.")]
    public async Task A_parameter_that_the_document_lacks_is_refused(string path, string sentence)
    {
        var answer = await larder.Client.GetJsonAsync(path);

        Assert.Equal((StatusCodes.Status422UnprocessableEntity, sentence), ((int)answer.Status, answer.Description));
    }

    [Fact]
    public async Task The_header_Idempotency_Key_is_read_where_the_document_has_it_and_nowhere_else()
    {
        var reading = new List<string>();
        foreach (var function in Functions.Where(function => function.Path.StartsWith("/api/v1/", StringComparison.Ordinal) && Dialects.All.Of(function.Path) == Dialect.ModelApi))
        {
            foreach (var method in function.Methods.Where(method => method is "POST" or "PUT" or "PATCH"))
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), ApiDocument.Placeholder().Replace(function.Path, "openapi-none.onnx")) { Headers = { { IdempotencyKey.Header, new string('k', 1000) } } };
                if (ApiDocument.RequestBodiesOf(function).Any(body => body is FormSpec))
                    request.Content = new MultipartFormDataContent { { new StringContent(""), "none" } };
                if ((await larder.Client.SendAsync(request).ReadAnswerAsync()).Description.Contains("idempotency key", StringComparison.OrdinalIgnoreCase))
                    reading.Add(function.Function);
            }
        }

        Assert.Equal(Functions.Where(function => function.Declaration.GetCustomAttribute<TakesHeadersAttribute>()?.Names.Contains(IdempotencyKey.Header) == true).Select(function => function.Function).Order(), reading.Order());
    }

    [Fact]
    public void An_answer_that_the_document_does_not_have_fails_the_tests_that_read_it()
    {
        static HttpResponseMessage Response(int status) => new((HttpStatusCode)status) { RequestMessage = new(HttpMethod.Get, "http://localhost/api/v1/version") };

        Assert.Contains("the document does not say", Assert.ThrowsAny<Exception>(() => DocumentedApi.Check(Response(200), JsonNode.Parse("""{"version":1}""")!)).Message);
        Assert.Contains("add [Answers]", Assert.ThrowsAny<Exception>(() => DocumentedApi.Check(Response(201), JsonNode.Parse("{}")!)).Message);
    }

    [Fact]
    public async Task A_form_takes_no_query_and_a_raw_file_takes_the_texts_of_the_form()
    {
        var form = await larder.Client.SendAsync(new(HttpMethod.Put, "/api/v1/models/openapi-query?alias=a") { Content = new MultipartFormDataContent { { new ByteArrayContent([1]), "path", "a.onnx" } } }).ReadAnswerAsync();
        var raw = await larder.Client.SendAsync(new(HttpMethod.Put, "/api/v1/models/openapi-query?alias=a") { Content = new ByteArrayContent([1]) }).ReadAnswerAsync();

        Assert.Contains("The parameter 'alias' is not known here", form.Description);
        Assert.DoesNotContain("parameter", raw.Description);
    }

    // How: LARDER_UPDATE_OPENAPI=1 dotnet test tests/Larder.Functions.Tests --filter FullyQualifiedName~ApiDocumentTests
    [Fact]
    public void The_committed_document_is_that_of_this_build()
    {
        var file = typeof(ApiDocumentTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "OpenApiDocument").Value!;
        var text = DocumentedApi.Document.ToJsonString(Indented) + "\n";
        if (Environment.GetEnvironmentVariable(Update) is { Length: > 0 })
            File.WriteAllText(file, text);

        Assert.True(File.Exists(file) && File.ReadAllText(file).ReplaceLineEndings("\n") == text, $"docs/openapi.json is not the document of this build: run the command of docs/api.md that writes it, which sets {Update}.");
    }

    private static IEnumerable<string> Missing(RouteTable.Entry function)
    {
        var declaration = function.Declaration;
        if (function.Summary.Length == 0)
            yield return $"{function.Function} lacks [Description(\"...\")]: what it does, in one line.";
        if (!declaration.GetCustomAttributes<AnswersAttribute>().Any())
            yield return $"{function.Function} lacks [Answers(typeof(...))]: the type whose JSON it answers.";
        if (function.Methods.Any(method => method is "POST" or "PUT" or "PATCH") && declaration.GetCustomAttribute<TakesAttribute>() is null)
            yield return $"{function.Function} lacks [Takes(nameof(...))]: the static fields that read its body; [Takes] alone for none.";
        if (function.Path.StartsWith("/api/", StringComparison.Ordinal) && Dialects.All.Of(function.Path) == Dialect.ModelApi
            && declaration.GetCustomAttribute<QueryAttribute>() is null && !ApiDocument.RequestBodiesOf(function).Any(body => body is FormSpec { Raw: not null }))
        {
            yield return $"{function.Function} lacks [Query(...)]: the query parameters that it takes; [Query] alone for none.";
        }
    }

    private static IEnumerable<JsonNode> Operations() => DocumentedApi.Document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()).Select(operation => operation.Value!);

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member => member is { Key: "$ref", Value: JsonValue reference } ? [reference.GetValue<string>()] : References(member.Value)),
        JsonArray items => items.SelectMany(References),
        _ => [],
    };
}
