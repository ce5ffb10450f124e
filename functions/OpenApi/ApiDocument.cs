using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Operations;
using Larder.Inference;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;

namespace Larder.Functions.OpenApi;

/// <summary>The OpenAPI document of the whole API, made of the functions' own declarations (<see cref="RouteTable"/>). It is made once for each base path, which is the server's setting, by the first request.</summary>
/// <param name="routes">The functions.</param>
/// <param name="server">The version.</param>
public sealed partial class ApiDocument(RouteTable routes, ServerVersion server)
{
    private readonly ConcurrentDictionary<string, Lazy<byte[]>> _json = [];

    /// <summary>The document, as JSON.</summary>
    /// <param name="basePath">The path below which callers reach the server; empty for none.</param>
    public ReadOnlyMemory<byte> JsonBelow(PathString basePath) => _json.GetOrAdd(basePath.ToUriComponent(), at => new(() => Serialize(Build(routes, server.Version, at)))).Value;

    /// <summary>What the paths of a document begin with.</summary>
    /// <param name="basePath">The path below which callers reach the server, as in a URL.</param>
    internal static List<OpenApiServer> Servers(string basePath) => [new OpenApiServer { Url = basePath.Length == 0 ? "/" : basePath }];

    /// <summary>Whether a function is in the document: all are but the one that answers for paths without a function.</summary>
    internal static bool Has(RouteTable.Entry route) => !route.Path.StartsWith("/{*", StringComparison.Ordinal);

    /// <summary>The tag of a route in the document, which groups it: the folder of its function.</summary>
    internal static string TagOf(RouteTable.Entry route) => route.Declaration.DeclaringType!.Namespace!.Split('.')[^1];

    /// <summary>The path of a route in the document: all placeholders have one form there, and those at the same place one name.</summary>
    internal static string PathOf(string template, IEnumerable<string> all)
    {
        var same = all.Where(other => Shape(other) == Shape(template)).Order(StringComparer.Ordinal).Last();
        return Placeholder().Replace(same, "{$1}");
    }

    /// <summary>A document as JSON, in OpenAPI 3.1.</summary>
    internal static byte[] Serialize(OpenApiDocument document)
    {
        using var stream = new MemoryStream();
        using (var text = new StreamWriter(stream))
            document.SerializeAsV31(new OpenApiJsonWriter(text, new OpenApiJsonWriterSettings { Terse = true }));
        return stream.ToArray();
    }

    /// <summary>The security schemes that <see cref="Credential"/> reads, as components of a document.</summary>
    internal static List<OpenApiSecurityRequirement> AddSecurity(OpenApiDocument document)
    {
        (string Name, OpenApiSecurityScheme Scheme)[] schemes =
        [
            ("bearer", new() { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A token or key." }),
            ("basic", new() { Type = SecuritySchemeType.Http, Scheme = "basic", Description = "A token or key as the password; the user's name has no meaning." }),
            ("key", new() { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = Credential.KeyHeader, Description = "A token or key." }),
            ("code", new() { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Query, Name = Credential.KeyQuery, Description = "A token or key, for clients that can send no header." }),
        ];
        foreach (var (name, scheme) in schemes)
            document.AddComponent(name, scheme);
        return [.. schemes.Select(scheme => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme.Name, document)] = [] })];
    }

    /// <summary>A kind of error in the form of a dialect: what the dialect writes is the schema.</summary>
    internal static OpenApiResponse Error(Dialect dialect, ErrorKind kind, ApiSchemas schemas)
    {
        var example = ExampleOf(dialect, kind);
        // Dialects whose errors have the same members share a component.
        var name = $"Error_{string.Join('_', example.AsObject().Select(member => member.Key))}";
        return new OpenApiResponse { Description = Meaning(kind), Content = Content("application/json", schemas.Parse(schemas.Named(name, ApiSchemas.OfExample(example)))) };
    }

    private static OpenApiDocument Build(RouteTable routes, string version, string basePath)
    {
        var document = new OpenApiDocument
        {
            Info = new OpenApiInfo
            {
                Title = "Larder",
                Version = version,
                Description = "Machine learning models: upload one, get a versioned prediction endpoint. What answers GET answers HEAD, too. GET /api/v1/models/{reference}/openapi.json describes the prediction of one model.",
            },
            Servers = Servers(basePath),
            Paths = [],
        };
        var schemas = new ApiSchemas(document);
        var entries = routes.Entries.Where(Has).ToList();
        // The schemas of requests come first (ApiSchemas).
        var bodies = entries.ToDictionary(entry => entry.Function, entry => BodyOf(entry, schemas));
        var security = AddSecurity(document);
        foreach (var entry in entries)
        {
            var path = PathOf(entry.Path, entries.Select(other => other.Path));
            if (!document.Paths.TryGetValue(path, out var item))
                document.Paths.Add(path, item = new OpenApiPathItem { Operations = [] });
            foreach (var method in entry.Methods)
            {
                var operation = OperationOf(entry, path, document, schemas);
                operation.OperationId = entry.Methods is [_] ? entry.Function : $"{entry.Function}_{method}";
                operation.RequestBody = bodies[entry.Function];
                operation.Security = entry.Role == Role.None ? null : security;
                item.Operations!.Add(new HttpMethod(method), operation);
            }
        }
        schemas.Complete();
        return document;
    }

    /// <summary>What a document says of a function, without its body.</summary>
    internal static OpenApiOperation OperationOf(RouteTable.Entry entry, string path, OpenApiDocument document, ApiSchemas schemas)
    {
        var tag = TagOf(entry);
        (document.Tags ??= new HashSet<OpenApiTag>()).Add(new OpenApiTag { Name = tag });
        var answers = entry.Declaration.GetCustomAttributes<AnswersAttribute>().ToList();
        return new OpenApiOperation
        {
            Summary = entry.Summary,
            Description = $"Role: {RoleNames.Of(entry.Role)}.",
            Tags = new HashSet<OpenApiTagReference> { new(tag, document) },
            Parameters = [.. ParametersOf(entry, path, answers, schemas)],
            Responses = ResponsesOf(entry, answers, schemas),
        };
    }

    private static IEnumerable<OpenApiParameter> ParametersOf(RouteTable.Entry entry, string path, IReadOnlyList<AnswersAttribute> answers, ApiSchemas schemas)
    {
        // The placeholder's own meaning, under the name that the document has for it.
        foreach (var (own, shown) in Placeholder().Matches(entry.Path).Zip(Placeholder().Matches(path)))
            yield return Of(Parameter.Path, own.Groups[1].Value, ParameterLocation.Path, shown.Groups[1].Value);
        foreach (var name in entry.Declaration.GetCustomAttribute<QueryAttribute>()?.Names ?? [])
            yield return Of(Parameter.Query, name, ParameterLocation.Query);
        foreach (var field in RequestBodiesOf(entry).OfType<FormSpec>().Where(form => form.Raw is not null).SelectMany(form => form.Texts))
            yield return new OpenApiParameter { Name = field.Name, In = ParameterLocation.Query, Description = $"{field.Meaning} Of a body that is no form.", Schema = schemas.Parse(new JsonObject { ["type"] = "string" }) };
        string[] conditions = answers.Any(answer => answer.IsFile) ? [EntityTags.IfMatch, EntityTags.IfNoneMatch, "Range", "If-Range"] : IsConditional(entry, answers) ? [EntityTags.IfNoneMatch] : [];
        foreach (var name in (entry.Declaration.GetCustomAttribute<TakesHeadersAttribute>()?.Names ?? []).Concat(conditions))
            yield return Of(Parameter.Headers, name, ParameterLocation.Header);

        OpenApiParameter Of(IReadOnlyDictionary<string, Parameter> known, string name, ParameterLocation place, string? shown = null)
        {
            var parameter = known.GetValueOrDefault(name) ?? throw new InvalidOperationException($"{entry.Function} has the {place} parameter {name}, which Parameter.{place} does not explain.");
            return new OpenApiParameter
            {
                Name = shown ?? name, In = place, Description = parameter.Meaning, Required = place == ParameterLocation.Path, Schema = schemas.Parse(parameter.SchemaNode),
            };
        }
    }

    private static OpenApiResponses ResponsesOf(RouteTable.Entry entry, IReadOnlyList<AnswersAttribute> answers, ApiSchemas schemas)
    {
        var (dialect, responses) = (Dialects.All.Of(entry.Path), new OpenApiResponses());
        foreach (var group in answers.GroupBy(answer => answer.Status).OrderBy(group => group.Key))
        {
            if (group.All(answer => answer is { Status: >= StatusCodes.Status400BadRequest, Type: null }))
            {
                responses.Add($"{group.Key}", Error(dialect, (ErrorKind)group.Key, schemas));
                continue;
            }
            var response = new OpenApiResponse { Description = ReasonPhrases.GetReasonPhrase(group.Key) };
            if (group.Any(answer => answer.Type is not null))
                response.Content = Content("application/json", schemas.Parse(ApiSchemas.AnyOf(group.Where(answer => answer.Type is not null).Select(answer => schemas.OfAnswer(answer.Type!)))));
            foreach (var type in group.Select(answer => answer.IsFile ? "application/octet-stream" : answer.MediaType).OfType<string>())
                (response.Content ??= new Dictionary<string, IOpenApiMediaType>()).Add(type, new OpenApiMediaType { Schema = schemas.Parse(new JsonObject { ["type"] = "string" }) });
            responses.Add($"{group.Key}", response);
        }
        if (answers.Any(answer => answer.IsFile))
            responses.Add($"{StatusCodes.Status206PartialContent}", new OpenApiResponse { Description = "A part of the file." });
        if (IsConditional(entry, answers))
            responses.Add($"{StatusCodes.Status304NotModified}", new OpenApiResponse { Description = "The caller has the answer already." });

        foreach (var kind in KindsOf(entry, answers).OrderBy(dialect.StatusOf))
            responses.TryAdd($"{dialect.StatusOf(kind)}", Error(dialect, kind, schemas));
        responses.Add("default", Error(dialect, ErrorKind.Internal, schemas));
        return responses;
    }

    // What follows from the declarations; any other error is "default".
    private static IEnumerable<ErrorKind> KindsOf(RouteTable.Entry entry, IReadOnlyList<AnswersAttribute> answers)
    {
        var bodies = RequestBodiesOf(entry);
        var hasBody = bodies.Count > 0;
        if (entry.Role > Role.None)
            foreach (var kind in (ErrorKind[])[ErrorKind.Unauthenticated, ErrorKind.Forbidden, ErrorKind.TooMany])
                yield return kind;
        if (entry.Path.Contains('{'))
            yield return ErrorKind.NotFound;
        if (hasBody)
            foreach (var kind in (ErrorKind[])[ErrorKind.TooLarge, ErrorKind.UnsupportedMedia])
                yield return kind;
        if (hasBody || entry.Path.Contains('{') || entry.Declaration.GetCustomAttribute<QueryAttribute>() is not null)
            yield return ErrorKind.Invalid;
        if (answers.Any(answer => answer.IsFile))
            yield return ErrorKind.WrongRange;
        if (answers.Any(answer => answer.IsFile) || entry.Declaration.GetCustomAttribute<TakesHeadersAttribute>()?.Names.Contains(EntityTags.IfMatch) == true)
            yield return ErrorKind.PreconditionFailed;
    }

    private static OpenApiRequestBody? BodyOf(RouteTable.Entry entry, ApiSchemas schemas)
    {
        var bodies = RequestBodiesOf(entry);
        return bodies.Count == 0 ? null : new OpenApiRequestBody
        {
            Required = bodies.All(body => body.IsRequired),
            Content = bodies.SelectMany(body => body.Describe(schemas)).GroupBy(body => body.MediaType).ToDictionary(
                group => group.Key, IOpenApiMediaType (group) => new OpenApiMediaType { Schema = schemas.Parse(ApiSchemas.AnyOf(group.Select(body => body.Schema))) }),
        };
    }

    /// <summary>The bodies that a function declares.</summary>
    internal static IReadOnlyList<IRequestBody> RequestBodiesOf(RouteTable.Entry entry) =>
        entry.Declaration.GetCustomAttribute<TakesAttribute>() is not { } takes ? [] : [.. takes.Bodies.Select(name => BodyIn(takes.Of ?? entry.Declaration.DeclaringType!, name))];

    private static IRequestBody BodyIn(Type type, string name) =>
        type.GetField(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)?.GetValue(null) as IRequestBody
        ?? throw new InvalidOperationException($"[Takes] of {type.Name} names {name}, which is no static field with an IRequestBody.");

    /// <summary>A content of one media type.</summary>
    internal static Dictionary<string, IOpenApiMediaType> Content(string type, IOpenApiSchema schema) => new() { [type] = new OpenApiMediaType { Schema = schema } };

    // A file has an ETag, and so has what only GET answers in JSON (JsonAnswer).
    private static bool IsConditional(RouteTable.Entry entry, IReadOnlyList<AnswersAttribute> answers) =>
        answers.Any(answer => answer.IsFile || (answer is { Type: not null, Status: StatusCodes.Status200OK, IsStream: false } && entry.Methods is ["GET"]));

    private static JsonNode ExampleOf(Dialect dialect, ErrorKind kind)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            dialect.Write(writer, kind, dialect.StatusOf(kind), "What is wrong, and what would be right.");
        return JsonNode.Parse(stream.ToArray())!;
    }

    private static string Meaning(ErrorKind kind) => kind switch
    {
        ErrorKind.Unauthenticated => "Without a token or key, or with a wrong one.",
        ErrorKind.Forbidden => "The caller's role or scope does not allow it.",
        ErrorKind.TooMany => "The caller sends more requests than it may; Retry-After has the seconds to wait.",
        ErrorKind.NotFound => "What the path names does not exist.",
        ErrorKind.TooLarge => "The body is over a limit.",
        ErrorKind.UnsupportedMedia => "The body has a media type, charset or coding that is not taken.",
        ErrorKind.Invalid => "Something in the request is wrong: the answer says what, and what would be right.",
        ErrorKind.WrongRange => "The range is outside the file.",
        ErrorKind.Unsupported => "The protocol has it, and this server does not.",
        ErrorKind.PreconditionFailed => "If-Match names another state than the present one.",
        _ => "Any other error: its HTTP status says of what kind it is, its text what to do.",
    };

    private static string Shape(string template) => Placeholder().Replace(template, "{}");

    /// <summary>A placeholder of a route: {model}, {*path}.</summary>
    [GeneratedRegex(@"\{\*?([a-z]+)\}")]
    internal static partial Regex Placeholder();
}
