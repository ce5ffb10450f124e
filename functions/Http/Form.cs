using System.Text;
using System.Text.Json.Nodes;
using Larder.Functions.OpenApi;
using Larder.Inference;
using Larder.Inference.Validation.Scanning;
using Larder.Registry.Errors;
using Larder.Registry.Publishing;
using Larder.Registry.Text;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary>A form that a route takes: which fields it has, each at most once. Others are refused.</summary>
/// <param name="What">What it is, for messages: <c>a training</c>.</param>
/// <param name="Otherwise">What to send in its place, for a request that is no form.</param>
/// <param name="Fields">The fields.</param>
internal sealed record FormSpec(string What, string Otherwise, params FormField[] Fields) : IRequestBody
{
    /// <summary>The body that the file itself may be, in the place of a form; the texts are then in the query. Null where it may not.</summary>
    public FileBody? Raw { get; init; }

    /// <summary>Whether a page of this server sends it. A browser sends every field of a form: one that was left empty counts as absent.</summary>
    public bool IsOfPage { get; init; }

    /// <inheritdoc />
    public bool IsRequired => true;

    /// <summary>The fields that have a text.</summary>
    public IEnumerable<FormField> Texts => Fields.Where(one => one.TextBytes > 0);

    /// <summary>The name of parts whose field is known by the file's extension, and the field of each extension; <c>""</c> is any other. Null: there are none.</summary>
    public (string Name, IReadOnlyDictionary<string, string> Fields)? ByExtension { get; init; }

    /// <summary>The field of a part.</summary>
    public string FieldOf(FormPart part) => part.IsFile && ByExtension is var (name, fields) && part.Name == name
        ? fields.GetValueOrDefault(Path.GetExtension(part.FileName).ToLowerInvariant()) ?? fields[""]
        : part.Name;

    /// <summary>The fields, for messages.</summary>
    public string Takes => string.Join(", ", Fields.Select(one => one.Name));

    /// <inheritdoc />
    public IEnumerable<(string MediaType, JsonNode Schema)> Describe(ApiSchemas schemas)
    {
        var form = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(Fields.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)field.Describe(schemas)))),
            ["additionalProperties"] = false,
        };
        if (Array.Exists(Fields, field => field.IsRequired))
            form["required"] = new JsonArray([.. Fields.Where(field => field.IsRequired).Select(field => (JsonNode)field.Name)]);
        return [("multipart/form-data", form), .. Raw?.Describe(schemas) ?? []];
    }
}

/// <summary>A field of a form.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Meaning">What it is, for callers.</param>
internal sealed record FormField(string Name, string Meaning)
{
    /// <summary>Most bytes of the address of a file that is somewhere else.</summary>
    public const int AddressBytes = 8192;

    /// <summary>Whether it can be a file.</summary>
    public bool IsFile { get; init; }

    /// <summary>Whether a form must have it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether its file is text, which is kept in UTF-8 whatever charset its part names.</summary>
    public bool IsText { get; init; }

    /// <summary>What the name of its file must end with; null for anything.</summary>
    public string? Extension { get; init; }

    /// <summary>What the name may end with as well, beside <see cref="Extension"/>.</summary>
    public IReadOnlyList<string> OtherExtensions { get; init; } = [];

    /// <summary>Whether the name may also have no extension.</summary>
    public bool MayLackExtension { get; init; }

    /// <summary>What the caller is told of an empty file; null when it may be empty.</summary>
    public string? Empty { get; init; }

    /// <summary>Most bytes of its text; 0 when it can be a file only.</summary>
    public int TextBytes { get; init; }

    /// <summary>Whether its text is JSON. It may then come as a file too: some clients send a media type only with those.</summary>
    public bool IsJson { get; init; }

    /// <summary>The options of a job, where they are its text.</summary>
    public JobOptions? OptionsOf { get; init; }

    /// <summary>The field of a job's options.</summary>
    public static FormField Options { get; } = new("options", "The job's options.") { TextBytes = 1 << 20, IsJson = true };

    /// <summary>Its JSON Schema.</summary>
    public JsonNode Describe(ApiSchemas schemas)
    {
        if (OptionsOf is { } options)
            return schemas.Named(options.Name, options.Schema);
        var schema = new JsonObject { ["description"] = Meaning };
        // JSON may be of any type.
        if (!IsJson)
            schema["type"] = "string";
        if (IsFile && TextBytes == 0)
            schema["format"] = "binary";
        return schema;
    }
}

/// <summary>Keeps the bytes of a field's file while they arrive.</summary>
internal delegate Task<StagedFile> StageFile(FormField field, Stream content, CancellationToken cancellationToken);

/// <summary>A file of a form.</summary>
/// <param name="Field">The field that it came in.</param>
/// <param name="FileName">What the client calls it; the field's name when the client does not say.</param>
/// <param name="Staged">Its bytes. The form owns them.</param>
internal sealed record UploadedFile(string Field, string FileName, StagedFile Staged);

/// <summary>A form as it streams in: its files are kept while they arrive, and only its texts are held in memory. Disposing of it deletes the files.</summary>
internal sealed class Form : IAsyncDisposable
{
    private readonly FormSpec _spec;
    private readonly StageFile _stage;
    private readonly List<UploadedFile> _files = [];
    private readonly Dictionary<string, byte[]> _texts = new(StringComparer.Ordinal);

    private Form(FormSpec spec, StageFile stage) => (_spec, _stage) = (spec, stage);

    /// <summary>The files, in their order.</summary>
    public IReadOnlyList<UploadedFile> Files => _files;

    /// <summary>Reads a form.</summary>
    /// <exception cref="InvalidRequestException">It is not well-formed, or has what it may not have.</exception>
    /// <exception cref="HttpStatusException">It is no form, or a part is of a kind that is not taken (415).</exception>
    /// <exception cref="TooLargeException">A part is over its limit.</exception>
    public static async Task<Form> ReadAsync(HttpRequest request, FormSpec spec, StageFile stage, CancellationToken cancellationToken)
    {
        var parts = MultipartForm.PartsOf(request, cancellationToken)
            ?? throw new HttpStatusException(ErrorKind.UnsupportedMedia, $"Send multipart/form-data with {spec.Takes}, or {spec.Otherwise}.");
        // The query has the texts of a raw file only.
        if (spec.Raw is not null)
            QueryParameters.RequireKnown(request);
        var form = new Form(spec, stage);
        try
        {
            await foreach (var part in parts)
                await form.TakeAsync(part, cancellationToken);
            return form;
        }
        catch
        {
            await form.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes a body that is the file itself; the texts are in the query.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public static async Task<Form> ReadRawAsync(
        HttpRequest request, FormSpec spec, FormField field, StageFile stage, CancellationToken cancellationToken)
    {
        var form = new Form(spec, stage);
        QueryParameters.RequireKnown(request, [.. spec.Texts.Select(known => known.Name)]);
        foreach (var known in spec.Fields)
        {
            if (request.Query.TryGetValue(known.Name, out var text))
                form._texts[known.Name] = Encoding.UTF8.GetBytes(RequestText.Require(text.ToString(), $"The parameter {known.Name}"));
        }
        form._files.Add(new UploadedFile(field.Name, "", await stage(field, request.OpenBody(), cancellationToken)));
        return form;
    }

    /// <summary>The file of a field; null when there is none.</summary>
    public UploadedFile? File(string field) => _files.Find(file => file.Field == field);

    /// <summary>The file of a field that must be there.</summary>
    /// <param name="field">The field.</param>
    /// <param name="absent">What the caller is told when there is none.</param>
    /// <exception cref="InvalidRequestException">There is none.</exception>
    public UploadedFile Require(string field, string absent) => File(field) ?? throw new InvalidRequestException(absent);

    /// <summary>The text of a field; null when there is none.</summary>
    public string? Text(string field) => _texts.TryGetValue(field, out var text) ? Encoding.UTF8.GetString(text) : null;

    /// <summary>The text of a field that is one line, without spaces around it; null when there is none.</summary>
    /// <exception cref="InvalidRequestException">It is empty.</exception>
    public string? Line(string field) =>
        Text(field)?.Trim() is not { } line ? null : line.Length > 0 ? line : throw new InvalidRequestException($"The field {field} is empty.");

    /// <summary>The JSON of a field; null when there is none.</summary>
    public byte[]? JsonOf(FormField field) => _texts.GetValueOrDefault(field.Name);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        foreach (var file in _files)
            await file.Staged.DisposeAsync();
    }

    private async Task TakeAsync(FormPart part, CancellationToken cancellationToken)
    {
        var name = _spec.FieldOf(part);
        // The field of a file that was not chosen, which has no name.
        if (_spec.IsOfPage && !part.IsFile && Array.Exists(_spec.Fields, field => field.Name == name && field.IsFile && field.TextBytes == 0))
            return;
        if (Array.Find(_spec.Fields, field => field.Name == name) is not { } known || (part.IsFile ? known is { IsFile: false, IsJson: false } : known.TextBytes == 0))
            throw new InvalidRequestException($"The {(part.IsFile ? "file" : "field")} '{RequestText.Shown(part.Name)}' is not known; {_spec.What} takes {_spec.Takes}.");
        if (File(known.Name) is not null || _texts.ContainsKey(known.Name))
            throw new InvalidRequestException($"The field '{known.Name}' is given twice.");

        if (part.IsFile && known.IsFile)
        {
            await TakeFileAsync(part, known, cancellationToken);
        }
        else if (await TextAsync(part, known, cancellationToken) is var text && (!_spec.IsOfPage || text.Length > 0))
        {
            _texts.Add(known.Name, text);
        }
    }

    /// <summary>The refusal of a file by its name. The first sentence is MLBuffet's; where a model is expected, the second says what the file probably is.</summary>
    /// <param name="fileName">What the file is called.</param>
    /// <param name="extensions">Those that it may have.</param>
    public static HttpStatusException WrongExtension(string fileName, params IEnumerable<string> extensions)
    {
        var kind = extensions.Contains(".onnx") ? FileKind.OfName(fileName) : null;
        return new HttpStatusException(
            ErrorKind.UnsupportedMedia,
            $"Filename extension not allowed. Please use one of these: [{string.Join(", ", extensions.Select(extension => $"'{extension}'"))}]{(kind is null ? "" : $". The file seems to be {kind.Name}.{kind.Advice}")}");
    }

    private async Task TakeFileAsync(FormPart part, FormField field, CancellationToken cancellationToken)
    {
        var fileName = part.FileName is { Length: > 0 } given ? given : field.Name + field.Extension;
        if (field.Extension is { } extension
            && Path.GetExtension(fileName) is var own
            && !(own.Length == 0 && field.MayLackExtension)
            && !own.Equals(extension, StringComparison.OrdinalIgnoreCase)
            && !field.OtherExtensions.Any(other => fileName.EndsWith(other, StringComparison.OrdinalIgnoreCase)))
        {
            throw WrongExtension(fileName, [extension, .. field.OtherExtensions]);
        }

        var file = new UploadedFile(field.Name, fileName, await _stage(field, field.IsText ? await part.OpenTextAsync(cancellationToken) : part.Open(), cancellationToken));
        _files.Add(file);
        if (file.Staged.SizeBytes == 0 && field.Empty is { } sentence)
            throw new InvalidRequestException(sentence);
    }

    private static async Task<byte[]> TextAsync(FormPart part, FormField field, CancellationToken cancellationToken)
    {
        var name = field.Name;
        var hint = !field.IsFile ? "" : "; to send a file, give it a file name";
        var bytes = await part.ReadAsync(field.TextBytes, $"The field {name} is limited to {field.TextBytes} bytes of text{hint}.", cancellationToken);
        return field.IsJson ? JsonText.Check(bytes.Span).ToArray() : Encoding.UTF8.GetBytes(RequestBody.Text(bytes.Span, $"The field {name}"));
    }
}
