using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Larder.Functions.Http;
using Larder.Inference;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Larder.Functions.Tests.Http;

/// <summary>What errors look like, by kind and by dialect.</summary>
public sealed class DialectTests
{
    // As Open Inference has errors, and with a status of its own for one kind.
    private static readonly Dialect Other = new(
        [new("/other"), new("/api/v1/models", "/other")],
        new Dictionary<ErrorKind, int> { [ErrorKind.Invalid] = 400 },
        (writer, _, _, sentence) => { writer.WriteStartObject(); writer.WriteString("error", sentence); writer.WriteEndObject(); });

    private static readonly Dialects Table = new(Dialect.ModelApi, Other);

    [Theory]
    [InlineData("/other", true)]
    [InlineData("/other/models/x", true)]
    [InlineData("/OTHER/x", true)]
    [InlineData("/others", false)]
    [InlineData("/", false)]
    [InlineData("/api/v1/models/other", false)]
    [InlineData("/api/v1/models/x/other", true)]
    [InlineData("/API/v1/models/x/OTHER/", true)]
    [InlineData("/api/v1/models/x/others", false)]
    [InlineData("/api/v1/models/x/other/y", false)]
    [InlineData("/api/v1/train/x/other", false)]
    public void The_path_says_which_dialect_a_route_has(string path, bool isOther) =>
        Assert.Same(isOther ? Other : Dialect.ModelApi, Table.Of(path));

    [Fact]
    public async Task Every_kind_of_error_has_the_status_and_the_body_of_the_dialect()
    {
        foreach (var kind in Enum.GetValues<ErrorKind>())
        {
            var (own, ownBody) = await SendAsync(new ErrorAnswer(kind, "Why."), Dialect.ModelApi);
            var (other, otherBody) = await SendAsync(new ErrorAnswer(kind, "Why."), Other);

            Assert.Equal((int)kind, own);
            Assert.Equal((own, "Why."), ((int)ownBody["http_status"]!["code"]!, (string?)ownBody["http_status"]!["description"]));
            Assert.NotEmpty((string)ownBody["http_status"]!["name"]!);
            Assert.Equal(kind == ErrorKind.Invalid ? 400 : (int)kind, other);
            Assert.Equal("""{"error":"Why."}""", otherBody.ToJsonString());
        }
    }

    [Fact]
    public void A_request_that_the_memory_is_not_enough_for_is_no_fault_of_the_server() =>
        Assert.Equal(ErrorKind.Unavailable, ErrorKinds.Of(Assert.Throws<OutOfMemoryException>(() => new byte[int.MaxValue])));

    [Fact]
    public void What_the_rooms_throw_has_a_kind()
    {
        var unknown = typeof(NotFoundException).Assembly.GetTypes().Concat(typeof(InvalidInputException).Assembly.GetTypes())
            .Where(type => type.IsPublic && type.IsAssignableTo(typeof(Exception)) && !type.IsAbstract)
            .Where(type => ErrorKinds.Of((Exception)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type)) == ErrorKind.Internal)
            .Select(type => type.Name)
            .Order();

        // The server's own faults, which callers are told nothing of.
        Assert.Equal(["ArtifactCorruptException"], unknown);
    }

    [Theory]
    [InlineData(@"\ud800")]
    [InlineData(@"a\udc00\0\u202e\r\n\""<\u2028")]
    public async Task An_answer_survives_whatever_text_is_in_it(string escaped)
    {
        var text = Regex.Unescape(escaped);
        var (status, error) = await SendAsync(new ErrorAnswer(ErrorKind.Invalid, text), Dialect.ModelApi);
        var (shown, envelope) = await SendAsync(Envelope.Ok(text, new TextAnswer(text, new Dictionary<string, string> { [text] = text })), Dialect.ModelApi);

        Assert.Equal((422, 200), (status, shown));
        Assert.Equal(Replaced(text), (string)error["http_status"]!["description"]!);
        Assert.Equal(Replaced(text), (string)envelope["text"]!);
    }

    private sealed record TextAnswer(
        [property: JsonPropertyName("text")] string Text, [property: JsonPropertyName("map")] IReadOnlyDictionary<string, string> Map) : Larder.Contracts.Answer;

    private static string Replaced(string text) => string.Concat(text.EnumerateRunes());

    private static async Task<(int Status, JsonNode Body)> SendAsync(JsonAnswer answer, Dialect dialect)
    {
        var http = new DefaultHttpContext { Response = { Body = new MemoryStream() } };
        answer.Build(dialect);
        await answer.ExecuteResultAsync(new ActionContext { HttpContext = http });
        var body = ((MemoryStream)http.Response.Body).ToArray();
        Assert.Equal(body.Length, http.Response.ContentLength);
        return (http.Response.StatusCode, JsonNode.Parse(Encoding.UTF8.GetString(body))!);
    }
}
