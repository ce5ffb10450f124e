using System.Net.Http.Headers;
using System.Text;

namespace Larder.Client.Http;

/// <summary>Builds a multipart form. Texts come before files, so that the server can refuse one before it reads the file.</summary>
internal sealed class ApiForm
{
    private readonly MultipartFormDataContent _form = [];

    /// <summary>The form as a request's body.</summary>
    public HttpContent Content => _form;

    /// <summary>Adds a field; null for none.</summary>
    public ApiForm Text(string name, string? value)
    {
        // Without a media type: the server takes a field's text as UTF-8.
        if (value is not null)
            _form.Add(new ByteArrayContent(Encoding.UTF8.GetBytes(value)), name);
        return this;
    }

    /// <summary>Adds a file; null for none.</summary>
    public ApiForm File(string name, FilePart? file, IProgress<long>? progress = null)
    {
        if (file is null)
            return this;
        var part = new FileContent(file.Content, progress);
        part.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        // A quote or a line break would end the name within the header.
        var safe = string.Concat(file.FileName.Select(c => c is '"' or '\\' || char.IsControl(c) ? '_' : c));
        _form.Add(part, name, safe);
        return this;
    }
}
