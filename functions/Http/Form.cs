using System.Text;
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
internal sealed record FormSpec(string What, string Otherwise, params FormField[] Fields)
{
    /// <summary>The name of parts whose field is known by the file's extension, and the field of each extension; <c>""</c> is any other. Null: there are none.</summary>
    public (string Name, IReadOnlyDictionary<string, string> Fields)? ByExtension { get; init; }

    /// <summary>The field of a part.</summary>
    public string FieldOf(FormPart part) => part.IsFile && ByExtension is var (name, fields) && part.Name == name
        ? fields.GetValueOrDefault(Path.GetExtension(part.FileName).ToLowerInvariant()) ?? fields[""]
        : part.Name;

    /// <summary>The fields, for messages.</summary>
    public string Takes => string.Join(", ", Fields.Select(one => one.Name));
}

/// <summary>A field of a form.</summary>
/// <param name="Name">Its name.</param>
internal sealed record FormField(string Name)
{
    /// <summary>Most bytes of the address of a file that is somewhere else.</summary>
    public const int AddressBytes = 8192;

    /// <summary>Keeps the bytes of its file while they arrive; null when it cannot be a file.</summary>
    public Func<Stream, CancellationToken, Task<StagedFile>>? Stage { get; init; }

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

    /// <summary>The field of a job's options.</summary>
    public static FormField Options { get; } = new("options") { TextBytes = 1 << 20, IsJson = true };
}

/// <summary>A file of a form.</summary>
/// <param name="Field">The field that it came in.</param>
/// <param name="FileName">What the client calls it; the field's name when the client does not say.</param>
/// <param name="Staged">Its bytes. The form owns them.</param>
internal sealed record UploadedFile(string Field, string FileName, StagedFile Staged);

/// <summary>A form as it streams in: its files are kept while they arrive, and only its texts are held in memory. Disposing of it deletes the files.</summary>
internal sealed class Form : IAsyncDisposable
{
    private readonly FormSpec _spec;
    private readonly List<UploadedFile> _files = [];
    private readonly Dictionary<string, byte[]> _texts = new(StringComparer.Ordinal);

    private Form(FormSpec spec) => _spec = spec;

    /// <summary>The files, in their order.</summary>
    public IReadOnlyList<UploadedFile> Files => _files;

    /// <summary>Reads a form.</summary>
    /// <exception cref="InvalidRequestException">It is not well-formed, or has what it may not have.</exception>
    /// <exception cref="HttpStatusException">It is no form, or a part is of a kind that is not taken (415).</exception>
    /// <exception cref="TooLargeException">A part is over its limit.</exception>
    public static async Task<Form> ReadAsync(HttpRequest request, FormSpec spec, CancellationToken cancellationToken)
    {
        var parts = MultipartForm.PartsOf(request, cancellationToken)
            ?? throw new HttpStatusException(ErrorKind.UnsupportedMedia, $"Send multipart/form-data with {spec.Takes}, or {spec.Otherwise}.");
        var form = new Form(spec);
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
        HttpRequest request, FormSpec spec, FormField field, Func<Stream, CancellationToken, Task<StagedFile>> stage, CancellationToken cancellationToken)
    {
        var form = new Form(spec);
        QueryParameters.RequireKnown(request, [.. spec.Fields.Where(known => known.TextBytes > 0).Select(known => known.Name)]);
        foreach (var known in spec.Fields)
        {
            if (request.Query.TryGetValue(known.Name, out var text))
                form._texts[known.Name] = Encoding.UTF8.GetBytes(RequestText.Require(text.ToString(), $"The parameter {known.Name}"));
        }
        form._files.Add(new UploadedFile(field.Name, "", await stage(request.OpenBody(), cancellationToken)));
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
        if (Array.Find(_spec.Fields, field => field.Name == name) is not { } known || (part.IsFile ? known is { Stage: null, IsJson: false } : known.TextBytes == 0))
            throw new InvalidRequestException($"The {(part.IsFile ? "file" : "field")} '{RequestText.Shown(part.Name)}' is not known; {_spec.What} takes {_spec.Takes}.");
        if (File(known.Name) is not null || _texts.ContainsKey(known.Name))
            throw new InvalidRequestException($"The field '{known.Name}' is given twice.");

        if (part.IsFile && known.Stage is { } stage)
            await TakeFileAsync(part, known, stage, cancellationToken);
        else
            _texts.Add(known.Name, await TextAsync(part, known, cancellationToken));
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

    private async Task TakeFileAsync(FormPart part, FormField field, Func<Stream, CancellationToken, Task<StagedFile>> stage, CancellationToken cancellationToken)
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

        var file = new UploadedFile(field.Name, fileName, await stage(field.IsText ? await part.OpenTextAsync(cancellationToken) : part.Open(), cancellationToken));
        _files.Add(file);
        if (file.Staged.SizeBytes == 0 && field.Empty is { } sentence)
            throw new InvalidRequestException(sentence);
    }

    private static async Task<byte[]> TextAsync(FormPart part, FormField field, CancellationToken cancellationToken)
    {
        var name = field.Name;
        var hint = field.Stage is null ? "" : "; to send a file, give it a file name";
        var bytes = await part.ReadAsync(field.TextBytes, $"The field {name} is limited to {field.TextBytes} bytes of text{hint}.", cancellationToken);
        return field.IsJson ? JsonText.Check(bytes.Span).ToArray() : Encoding.UTF8.GetBytes(RequestBody.Text(bytes.Span, $"The field {name}"));
    }
}
