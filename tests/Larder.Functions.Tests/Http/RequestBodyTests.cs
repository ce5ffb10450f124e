using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Larder.Functions.Http;
using Larder.Inference;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Tests.Http;

/// <summary>The one rule by which bodies are read.</summary>
public sealed class RequestBodyTests
{
    private const string Expected = "{name:string}";

    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("identity", true)]
    [InlineData("gzip, gzip", false)]
    [InlineData("identity, gzip", false)]
    [InlineData("zstd", false)]
    [InlineData("aws-chunked", false)]
    public async Task A_coding_that_is_not_read_is_415_and_the_answer_says_which_are(string? coding, bool isTaken)
    {
        var request = Request("""{"name":"x"}""");
        if (coding is not null)
            request.Headers.ContentEncoding = coding;

        if (isTaken)
        {
            Assert.Equal("x", (await Json.ReadAsync<Body>(request, Expected, default)).Name);
            return;
        }
        var refused = await Assert.ThrowsAsync<HttpStatusException>(() => Json.ReadAsync<Body>(request, Expected, default));
        Assert.Equal(ErrorKind.UnsupportedMedia, refused.Kind);
        Assert.Contains($"'{coding}'", refused.Message);
        Assert.Equal("gzip, deflate, br", request.HttpContext.Response.Headers.AcceptEncoding);
    }

    [Theory]
    [InlineData(null, "utf-8")]
    [InlineData("application/json", "utf-8")]
    [InlineData("application/json; charset=utf-8", "utf-8")]
    [InlineData("application/json; charset=\"UTF-8\"", "utf-8")]
    [InlineData("application/vnd.larder+json", "utf-8")]
    [InlineData("application/x-www-form-urlencoded", "utf-8")]
    [InlineData("application/json; charset=utf-16", "utf-16")]
    [InlineData("application/json; charset=utf-16", "utf-16BE")]
    [InlineData("application/json; charset=utf-16le", "utf-16")]
    [InlineData("application/json; charset=utf-32", "utf-32")]
    [InlineData("application/json; charset=iso-8859-1", "iso-8859-1")]
    [InlineData("text/plain; a=b; charset=windows-1252", "iso-8859-1")]
    public async Task Text_is_transcoded_from_the_charset_that_its_type_names(string? contentType, string charset)
    {
        var encoding = Encoding.GetEncoding(charset);
        var request = Request([.. encoding.Preamble, .. encoding.GetBytes("""{"name":"ä ö"}""")]);
        request.ContentType = contentType;

        Assert.Equal("ä ö", (await Json.ReadAsync<Body>(request, Expected, default)).Name);
    }

    [Theory]
    [InlineData("application/json; charset=klingon", "'klingon'")]
    [InlineData("application/json; charset=utf-7", "'utf-7'")]
    [InlineData("application/json; charset=utf-8; charset=utf-16", "'utf-8, utf-16'")]
    [InlineData("application/xml", "'application/xml'")]
    [InlineData("multipart/form-data; boundary=x", "'multipart/form-data; boundary=x'")]
    [InlineData("not a type", "'not a type'")]
    public async Task A_type_or_charset_that_is_not_read_is_415_that_names_it(string contentType, string named)
    {
        var request = Request("""{"name":"x"}""");
        request.ContentType = contentType;

        var refused = await Assert.ThrowsAsync<HttpStatusException>(() => Json.ReadAsync<Body>(request, Expected, default));

        Assert.Equal(ErrorKind.UnsupportedMedia, refused.Kind);
        Assert.Contains(named, refused.Message);
    }

    [Fact]
    public async Task A_second_content_type_is_415_and_text_that_is_not_in_its_charset_422()
    {
        var two = Request("{}");
        two.Headers.ContentType = new(["application/json", "text/plain"]);
        var other = Request("""{"name":"ä"}""");
        other.ContentType = "application/json; charset=us-ascii";

        Assert.Contains("one Content-Type", (await Assert.ThrowsAsync<HttpStatusException>(() => Json.ReadAsync<Body>(two, Expected, default))).Message);
        Assert.Contains("us-ascii", (await Assert.ThrowsAsync<InvalidRequestException>(() => Json.ReadAsync<Body>(other, Expected, default))).Message);
    }

    [Fact]
    public async Task A_byte_order_mark_is_skipped()
    {
        Assert.Equal("x", (await Json.ReadAsync<Body>(Request("\uFEFF{\"name\":\"x\"}"), Expected, default)).Name);
        Assert.Equal("ä", RequestBody.Text("\uFEFFä"u8, "The text"));
    }

    [Theory]
    [InlineData("""{"name":"\ud800"}""", "The text at /name has")]
    [InlineData("""{"name":"a\udc00b"}""", "The text at /name has")]
    [InlineData("""{"name":"\ud83d\ud83d"}""", "The text at /name has")]
    [InlineData("""{"\ud800":"x"}""", "A member's name in / has")]
    [InlineData("""{"name":"\u0000"}""", "The text at /name has")]
    [InlineData("""{"name":"a","tags":{"a/b~":["x",{"c":[],"\udfff":1}]}}""", "A member's name in /tags/a~1b~0/1 has")]
    [InlineData("""[[],{},[1,{"a":"b"},"\u0000"]]""", "The text at /2/2 has")]
    [InlineData("\"\\ud800\"", "The text at / has")]
    [InlineData("\uFEFF{\"name\":\"\\ud800\"}", "The text at /name has")]
    public async Task Text_that_is_not_well_formed_is_refused_with_its_place(string json, string place)
    {
        var asRecord = await Assert.ThrowsAsync<InvalidRequestException>(() => Json.ReadAsync<Body>(Request(json), Expected, default));
        var asElement = await Assert.ThrowsAsync<InvalidRequestException>(() => Json.ReadAsync<JsonElement>(Request(json), Expected, default));

        Assert.StartsWith(place, asRecord.Message);
        Assert.Equal(asRecord.Message, asElement.Message);
    }

    [Theory]
    [InlineData("""{"name":"\ud83d\ude00 \u202e"}""", "\U0001F600 \u202e")]
    [InlineData("""{"n\u0061me":"x"}""", "x")]
    public async Task Escapes_that_stand_for_text_are_read(string json, string name) =>
        Assert.Equal(name, (await Json.ReadAsync<Body>(Request(json), Expected, default)).Name);

    [Theory]
    [InlineData("7B226E616D65223A22FF227D", "byte 10 ")]
    [InlineData("7B226E616D65223A22EDA080227D", "byte 10 ")]
    [InlineData("7B22C328223A2278227D", "byte 3 ")]
    [InlineData("7B226E616D65223A22C0AF227D", "byte 10 ")]
    public async Task Bytes_that_are_no_utf_8_are_refused_with_their_place(string hex, string place)
    {
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => Json.ReadAsync<JsonElement>(Request(Convert.FromHexString(hex)), Expected, default));

        Assert.Contains("not UTF-8", refused.Message);
        Assert.Contains(place, refused.Message);
    }

    [Theory]
    [InlineData("""{"name":"x","nam":"y"}""", "the member 'nam' is not known.")]
    [InlineData("""{"name":"x","name":"y"}""", "a member is given twice")]
    [InlineData("""{"tags":{"a":1,"a":2}}""", "a member is given twice")]
    [InlineData("""{"name":NaN}""", "JSON has no NaN and no Infinity")]
    [InlineData("""{"name":Infinity}""", "JSON has no NaN and no Infinity")]
    [InlineData("""{"name":-Infinity}""", "JSON has no NaN and no Infinity")]
    [InlineData("""{"name":1}""", "the value at $.name has the wrong type.")]
    [InlineData("""{"tags":[]}""", "has the wrong type.")]
    [InlineData("""{"name":"x"} x""", "at ")]
    [InlineData("""{"name":"x" """, "at ")]
    public async Task What_does_not_fit_is_refused_with_a_sentence(string json, string says)
    {
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => Json.ReadAsync<Body>(Request(json), Expected, default));

        Assert.StartsWith($"The JSON is not {Expected}: ", refused.Message);
        Assert.Contains(says, refused.Message);
    }

    [Theory]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"b":[{"a":1,"a":2}]}""")]
    public async Task A_member_that_is_given_twice_is_refused_where_the_json_has_no_type_too(string json)
    {
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => Json.ReadAsync<JsonElement>(Request(json), Expected, default));

        Assert.Contains("a member is given twice", refused.Message);
    }

    [Fact]
    public async Task Depth_and_length_have_limits()
    {
        var deep = await Assert.ThrowsAsync<InvalidRequestException>(() => Json.ReadAsync<JsonElement>(Request(new string('[', 100_000)), Expected, default));
        await Assert.ThrowsAsync<TooLargeException>(() => Json.ReadAsync<JsonElement>(Request($"\"{new string('x', 1 << 20)}\""), Expected, default));
        var announced = Request("{}");
        announced.ContentLength = long.MaxValue;
        await Assert.ThrowsAsync<TooLargeException>(() => Json.ReadAsync<JsonElement>(announced, Expected, default));

        Assert.Contains("depth", deep.Message);
    }

    [Theory]
    [InlineData(@"name\0", "has a NUL")]
    [InlineData(@"\ud800", "at character 1")]
    [InlineData(@"ab\udc00", "at character 3")]
    [InlineData(@"\ud83d\ude00\ud800x", "at character 3")]
    public void Text_from_elsewhere_has_the_same_rule(string escaped, string says) =>
        Assert.Contains(says, Assert.Throws<InvalidRequestException>(() => RequestText.Require(Regex.Unescape(escaped), "The text")).Message);

    [Fact]
    public void What_a_message_repeats_is_short_and_well_formed()
    {
        Assert.Equal("a\uFFFDb", RequestText.Shown("a\ud800\0\u001b\u202eb\n"));
        Assert.Equal(100 + 1, RequestText.Shown(new string('x', 70_000)).Length);
    }

    private static HttpRequest Request(string body) => Request(Encoding.UTF8.GetBytes(body));

    private static HttpRequest Request(byte[] body) => new DefaultHttpContext { Request = { Body = new MemoryStream(body) } }.Request;

    private sealed record Body(string? Name, Dictionary<string, JsonElement>? Tags);
}
