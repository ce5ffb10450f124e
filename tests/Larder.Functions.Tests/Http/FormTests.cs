using System.Text;
using Larder.Functions.Http;
using Larder.Inference;
using Larder.Registry.Publishing;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Tests.Http;

/// <summary>The one way in which forms are read.</summary>
public sealed class FormTests
{
    private static readonly string Folder = Path.Combine(Path.GetTempPath(), $"larder-form-{Environment.ProcessId}");

    private static readonly StagingArea Staging = new(new PublishingOptions { StagingFolder = Folder });

    private static readonly FormSpec Spec = new(
        "a test",
        "something else",
        new FormField("file", "A file.") { IsFile = true, Extension = ".csv", MayLackExtension = true, Empty = "The file is empty." },
        new FormField("text", "A text.") { TextBytes = 100 },
        FormField.Options);

    [Fact]
    public async Task Fields_and_files_are_read_in_any_order()
    {
        await using var form = await ReadAsync(Part("name=options", "\uFEFF{\"a\":1}"), Part("name=file; filename=\"C:\\x\\a.csv\"", "1,2"), Part("name=\"text\"", " ä "));

        Assert.Equal(("a.csv", 3), (form.File("file")!.FileName, form.File("file")!.Staged.SizeBytes));
        Assert.Equal((" ä ", "ä"), (form.Text("text"), form.Line("text")));
        Assert.Equal("{\"a\":1}", Encoding.UTF8.GetString(form.JsonOf(FormField.Options)!));
    }

    public static TheoryData<string, int, string> Refused => new()
    {
        { Part("name=other", "x"), 422, "The field 'other' is not known; a test takes file, text, options." },
        { Part("name=text; filename=a", "x"), 422, "The file 'text' is not known" },
        { Part("name=file", "x"), 422, "The field 'file' is not known" },
        { Part("name=file; filename*", "x"), 422, "a Content-Disposition that cannot be read" },
        { Part("x=y", "x"), 422, "The field '' is not known" },
        { Part("name=\"\u001b[31m\u202e\"", "x"), 422, "The field '[31m' is not known" },
        { Part("name=text", "x") + Part("name=text", "x"), 422, "The field 'text' is given twice." },
        { Part("name=text", new string('x', 101)), 413, "limited to 100 bytes" },
        { Part("name=text", "a\0b"), 422, "The field text has a NUL" },
        { Part("name=text", "\u00ff", Encoding.Latin1), 422, "The field text is not text in UTF-8: byte 1" },
        { Part("name=text", "x", header: "Content-Type: text/plain; charset=klingon"), 415, "charset 'klingon'" },
        { Part("name=text", "x", header: "Content-Transfer-Encoding: base64"), 415, "Content-Transfer-Encoding 'base64'" },
        { Part("name=file; filename=a.csv", "x", header: "Content-Encoding: gzip"), 415, "Content-Encoding 'gzip'" },
        { Part("name=options", "{\"a\":\"\\ud800\"}"), 422, "The text at /a has" },
        { Part("name=file; filename=a.exe", "x"), 415, "['.csv']" },
        { Part("name=file; filename=a.csv", ""), 422, "The file is empty." },
        { Part($"name=file; filename={new string('x', 256)}", "x"), 422, "at most 255 characters" },
        { "--b\r\n\r\nx\r\n", 422, "no Content-Disposition" },
        { "--b\r\nContent-Disposition: form-data; name=text\r\n\r\nx", 422, "broken or ends too early" },
        { "", 422, "broken or ends too early" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_is_wrong_with_a_form_is_told_and_nothing_stays(string parts, int status, string says)
    {
        var body = parts.EndsWith("\r\n", StringComparison.Ordinal) ? parts + "--b--\r\n" : parts;

        var thrown = await Record.ExceptionAsync(() => Form.ReadAsync(Request(body), Spec, StageAsync, default));

        Assert.NotNull(thrown);
        Assert.Equal(status, (int)ErrorKinds.Of(thrown));
        Assert.Contains(says, thrown.Message);
        Assert.Empty(Directory.CreateDirectory(Folder).GetFiles());
    }

    [Fact]
    public async Task A_disk_that_fails_is_not_taken_for_a_broken_form()
    {
        var spec = new FormSpec("a test", "", new FormField("file", "A file.") { IsFile = true });

        await Assert.ThrowsAsync<IOException>(() => Form.ReadAsync(Request(Part("name=file; filename=a", "x") + "--b--\r\n"), spec, (_, _, _) => throw new IOException("No space left on device"), default));
    }

    [Fact]
    public async Task A_request_that_is_no_form_is_415()
    {
        var request = Request("x");
        request.ContentType = "text/csv";

        var refused = await Assert.ThrowsAsync<HttpStatusException>(() => Form.ReadAsync(request, Spec, StageAsync, default));

        Assert.Equal(ErrorKind.UnsupportedMedia, refused.Kind);
    }

    private static Task<Form> ReadAsync(params string[] parts) => Form.ReadAsync(Request(string.Concat(parts) + "--b--\r\n"), Spec, StageAsync, default);

    private static Task<StagedFile> StageAsync(FormField field, Stream content, CancellationToken cancellationToken) => Staging.AddAsync(content, "file", 1 << 20, null, cancellationToken);

    // Characters up to 255 that were put in as Latin-1 are sent as those bytes.
    private static string Part(string disposition, string content, Encoding? encoding = null, string? header = null) =>
        $"--b\r\nContent-Disposition: form-data; {Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(disposition))}\r\n{(header is null ? "" : header + "\r\n")}\r\n{Encoding.Latin1.GetString((encoding ?? Encoding.UTF8).GetBytes(content))}\r\n";

    private static HttpRequest Request(string body) => new DefaultHttpContext
    {
        Request = { Body = new MemoryStream(Encoding.Latin1.GetBytes(body)), ContentType = "multipart/form-data; boundary=b" },
    }.Request;
}
