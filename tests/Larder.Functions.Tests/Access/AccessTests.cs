using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Functions.Http;
using Larder.Registry.Access;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Access;

/// <summary>Who may do what, at every route of a real Larder.</summary>
[Collection(nameof(SharedAccess))]
public sealed partial class AccessTests(AccessFixture larder)
{
    [Fact]
    public async Task Every_route_answers_those_who_have_its_role_and_nobody_else()
    {
        var wrong = new List<string>();
        foreach (var route in new RouteTable().Entries)
            foreach (var method in route.Methods)
                foreach (var name in AccessFixture.Names.Cast<string?>().Prepend(null))
                {
                    var (status, body, answer) = await larder.SendAsync(new HttpMethod(method), PathOf(route.Path), name, method == "GET" ? null : "{}");
                    var role = RoleNames.Find(name) ?? Role.None;
                    var isRight = route.Role == Role.None ? status is not (401 or 403)
                        : name is null ? status == 401 && Says(body, 401) && answer.Headers.WwwAuthenticate.Count == 2
                        : role < route.Role ? status == 403 && Says(body, 403)
                        : status is not (401 or 403);
                    if (!isRight)
                        wrong.Add($"{method} {route.Path} for {name ?? "no key"}: {status} {body}");
                }

        Assert.Empty(wrong);
        var (recorded, audit, _) = await larder.SendAsync(HttpMethod.Get, "/api/v1/audit", "admin");
        Assert.Equal(200, recorded);
        foreach (var name in AccessFixture.Names)
        {
            Assert.DoesNotContain(AccessFixture.KeyOf(name), larder.Log);
            Assert.DoesNotContain(AccessFixture.KeyOf(name), audit);
        }
        Assert.Contains("reader, with the role reader, was refused Predict, which needs predictor.", larder.Log);

        // In the dialect of the route: Larder's, the Open Inference Protocol's, or that of MLflow and Azure ML.
        static bool Says(string body, int status) => JsonNode.Parse(body) is JsonObject answer
            && (answer["http_status"] is { } own ? (int)own["code"]! == status : !string.IsNullOrEmpty((string?)(answer["error"] ?? answer["message"])));
    }

    [Theory]
    [InlineData("wrong", 401)]
    [InlineData("master", 200)]
    public async Task A_key_is_known_or_it_is_401(string name, int expected)
    {
        var (status, _, _) = await larder.SendAsync(HttpMethod.Get, "/api/v1/models", name);

        Assert.Equal(expected, status);
    }

    [Fact]
    public async Task A_key_in_the_query_is_the_same_and_is_not_in_the_log()
    {
        var (read, _, _) = await larder.SendAsync(HttpMethod.Get, $"/api/v1/models?code={AccessFixture.KeyOf("reader")}", null);
        var (changed, _, _) = await larder.SendAsync(HttpMethod.Post, $"/api/v1/schedules?code={AccessFixture.KeyOf("reader")}", null, "{}");

        Assert.Equal((200, 403), (read, changed));
        Assert.DoesNotContain(AccessFixture.KeyOf("reader"), larder.Log);
    }

    [Fact]
    public async Task A_refusal_names_the_role_and_neither_key_nor_setting()
    {
        var (status, body, _) = await larder.SendAsync(HttpMethod.Post, "/api/v1/train/x", "predictor");

        Assert.Equal(403, status);
        Assert.Equal("This needs the role contributor.", (string)JsonNode.Parse(body)!["http_status"]!["description"]!);
    }

    [Fact]
    public async Task A_version_is_a_contributor_s_to_delete_and_a_model_an_administrator_s()
    {
        var name = "deleted-by-role";
        using var form = new MultipartFormDataContent { { new ByteArrayContent(OnnxModel.Linear()), "path", "model.onnx" } };
        using var upload = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/models/{name}") { Content = form, Headers = { { "x-functions-key", AccessFixture.KeyOf("contributor") } } };
        using var uploaded = await larder.Client.SendAsync(upload);

        var (version, _, _) = await larder.SendAsync(HttpMethod.Delete, $"/api/v1/models/{name}:1", "contributor");
        var (refused, sentence, _) = await larder.SendAsync(HttpMethod.Delete, $"/api/v1/models/{name}", "contributor");
        var (stillThere, _, _) = await larder.SendAsync(HttpMethod.Get, $"/api/v1/models/{name}", "reader");
        var (model, _, _) = await larder.SendAsync(HttpMethod.Delete, $"/api/v1/models/{name}", "admin");

        Assert.Equal((201, 200, 403, 200, 200), ((int)uploaded.StatusCode, version, refused, stillThere, model));
        Assert.Contains("The deletion of a whole model needs the role admin.", sentence);
    }

    [Fact]
    public async Task A_principal_that_a_caller_made_up_changes_nothing()
    {
        var admin = CallersTests.Principal(("roles", "admin"), ("oid", "1"));

        var (withKey, _, _) = await larder.SendAsync(HttpMethod.Post, "/api/v1/schedules", "reader", "{}", ("X-MS-CLIENT-PRINCIPAL", admin), ("X-MS-CLIENT-PRINCIPAL-NAME", "admin"));
        var (without, _, _) = await larder.SendAsync(HttpMethod.Post, "/api/v1/schedules", null, "{}", ("X-MS-CLIENT-PRINCIPAL", admin));

        Assert.Equal((403, 401), (withKey, without));
        Assert.Contains("App Service Authentication is off", larder.Log);
    }

    [Fact]
    public async Task Unknown_paths_and_methods_tell_no_more_than_help_does()
    {
        var (unknown, _, _) = await larder.SendAsync(HttpMethod.Get, "/api/v1/nothing", null);
        var (method, _, answer) = await larder.SendAsync(HttpMethod.Patch, "/api/v1/models/secret", null);

        Assert.Equal((404, 405), (unknown, method));
        Assert.Equal("DELETE, GET, HEAD, POST, PUT", string.Join(", ", answer.Content.Headers.Allow.Order()));
    }

    // What there is not: then a request that gets through is answered at once, and changes nothing.
    private static string PathOf(string template) => Parameter().Replace(template, match => match.Groups["name"].Value switch
    {
        "reference" => "walk:1",
        "upload" or "schedule" or "job" => "0000000000000000",
        _ => "walk",
    });

    [GeneratedRegex(@"\{\*?(?<name>\w+)\}")]
    private static partial Regex Parameter();
}
