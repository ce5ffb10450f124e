using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions;

/// <summary>One part of a form while it streams in.</summary>
/// <param name="Name">The field's name.</param>
/// <param name="Disposition">Its header.</param>
/// <param name="Section">Its body.</param>
internal sealed record FormPart(string Name, ContentDispositionHeaderValue Disposition, MultipartSection Section)
{
    /// <summary>Whether it is a file, and not a field.</summary>
    public bool IsFile => Disposition.IsFileDisposition();

    /// <summary>What the client calls the file; empty when it does not say.</summary>
    public string FileName => MultipartForm.FileNameOf(Disposition);

    /// <summary>Its bytes.</summary>
    public Stream Body => Section.Body;
}
