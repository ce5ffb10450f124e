using Larder.Dashboard;
using Larder.Functions.Http;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
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

    /// <summary>Checks the token of a form that was read otherwise.</summary>
    /// <exception cref="ForbiddenException">It is missing, or is none of this browser's.</exception>
    public async Task RequireTokenAsync(HttpRequest request, string? token)
    {
        // Read from the header, so that nothing reads the body again: without one, it would.
        request.Headers[PageContext.FormField] = token;
        if (string.IsNullOrEmpty(token) || !await forgery.IsRequestValidAsync(request.HttpContext))
            throw new ForbiddenException("The form is not from a page of this server, or the page is too old: load the page again, then send the form.");
    }
}
