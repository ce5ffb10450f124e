using Larder.Dashboard;
using Larder.Functions.Http;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Larder.Functions.Dashboard;

/// <summary>The fields of a page's form.</summary>
/// <param name="fields">Name and value of each.</param>
internal sealed class PageForm(IReadOnlyDictionary<string, string> fields)
{
    /// <summary>A field's text, without spaces around it; empty without one.</summary>
    public string this[string name] => fields.GetValueOrDefault(name, "").Trim();

    /// <summary>All fields.</summary>
    public IReadOnlyDictionary<string, string> Fields => fields;

    /// <summary>A field's whole number; null when it is empty.</summary>
    /// <exception cref="InvalidRequestException">It is something else.</exception>
    public int? Number(string name) => this[name] switch
    {
        "" => null,
        var text when int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) => number,
        _ => throw new InvalidRequestException($"{name} must be a whole number."),
    };
}

/// <summary>Reads the forms of pages. A form without the token that its page gave it comes from a page of another site, and is refused.</summary>
internal sealed class PageForms(IAntiforgery forgery)
{
    private const int MaxBytes = 1 << 20;
    private const int MaxFields = 500;

    /// <summary>The field of a form with files that has the page's token.</summary>
    public static readonly FormField TokenField = new(PageContext.FormField, "The token of the page.") { TextBytes = 4096 };

    /// <summary>Reads a form without files.</summary>
    /// <exception cref="ForbiddenException">It lacks the token.</exception>
    /// <exception cref="InvalidRequestException">A field is there twice, or its text cannot be stored.</exception>
    public async Task<PageForm> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasFormContentType || request.ContentType!.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
            throw new HttpStatusException(Larder.Inference.ErrorKind.UnsupportedMedia, "Send application/x-www-form-urlencoded, as the form on the page does.");
        var bytes = await RequestBody.ReadAsync(request.OpenBody(), MaxBytes, $"The form is larger than {MaxBytes} bytes.", cancellationToken);
        var text = RequestBody.Text(bytes.Span, "The form");
        using var reader = new FormReader(text) { ValueCountLimit = MaxFields, ValueLengthLimit = MaxBytes };
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.ReadNextPair() is { } pair)
        {
            RequestText.Require(pair.Value, $"The field {RequestText.Shown(pair.Key)}");
            if (!fields.TryAdd(pair.Key, pair.Value))
                throw new InvalidRequestException($"The field '{RequestText.Shown(pair.Key)}' is given twice.");
        }
        await RequireTokenAsync(request, fields.GetValueOrDefault(PageContext.FormField));
        return new PageForm(fields);
    }

    /// <summary>Reads a form with files and takes it. What is refused of it, but for its token, is told by showing the form again.</summary>
    /// <param name="request">The request.</param>
    /// <param name="spec">The form, with <see cref="TokenField"/>.</param>
    /// <param name="stage">Keeps the files.</param>
    /// <param name="take">Takes the form, and answers.</param>
    /// <param name="refuse">Answers with a refusal's sentence and status; the form is null where it could not be read.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="ForbiddenException">It lacks the token, or the caller may not do it.</exception>
    public async Task<IActionResult> TakeAsync(
        HttpRequest request, FormSpec spec, StageFile stage, Func<Form, Task<IActionResult>> take, Func<Form?, string, int, Task<IActionResult>> refuse, CancellationToken cancellationToken)
    {
        Form? form = null;
        try
        {
            form = await Form.ReadAsync(request, spec, stage, cancellationToken);
            await RequireTokenAsync(request, form.Text(PageContext.FormField));
            return await take(form);
        }
        catch (Exception exception) when (exception is not ForbiddenException && ErrorKinds.Of(exception) is var kind && !ErrorKinds.IsFault(kind))
        {
            return await refuse(form, ErrorKinds.Sentence(exception, kind, requestId: ""), (int)kind);
        }
        finally
        {
            if (form is not null)
                await form.DisposeAsync();
        }
    }

    private async Task RequireTokenAsync(HttpRequest request, string? token)
    {
        // Read from the header, so that nothing reads the body again: without one, it would.
        request.Headers[PageContext.FormField] = token;
        if (string.IsNullOrEmpty(token) || !await forgery.IsRequestValidAsync(request.HttpContext))
            throw new ForbiddenException("The form is not from a page of this server, or the page is too old: load the page again, then send the form.");
    }
}
