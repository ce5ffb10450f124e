using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Larder.Testing;
using Larder.Worker.Tests.Host;

namespace Larder.Worker.Tests;

/// <summary>Tokens under the Functions host, which gives the worker the values of the route and asks for no key.</summary>
public sealed class TokenTests
{
    private const string Admin = "lrd_the-administrator-s-token-of-these-tests-0001";

    [Fact]
    public async Task A_token_with_a_scope_is_held_to_it_by_what_the_host_says_of_the_route()
    {
        await using var azurite = await Azurite.StartAsync();
        await using var host = await WorkerHost.StartAsync(
            await PublishedApp.FolderAsync(), azurite.ConnectionString, [("Access:AdminTokenSha256", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Admin))))]);
        using var anonymous = host.CreateClient();
        using var admin = host.CreateClient();
        admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Admin);
        var (made, body) = await admin.SendJsonAsync(
            HttpMethod.Post, "/api/v1/admin/tokens", Api.Json("""{"name": "team", "role": "contributor", "scope": {"prefixes": ["a-"]}}"""));
        Assert.Equal(HttpStatusCode.Created, made);
        using var team = host.CreateClient();
        team.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"team:{body["token"]}")));
        var model = Api.Sample("iris/iris.onnx");

        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.SendJsonAsync(HttpMethod.Get, "/api/v1/models")).Status);
        Assert.Equal(HttpStatusCode.Created, (await team.UploadAsync("a-iris", model)).Status);
        Assert.Equal(HttpStatusCode.OK, (await team.SendJsonAsync(HttpMethod.Get, "/api/v1/models/a-iris:1")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await team.SendJsonAsync(HttpMethod.Get, "/api/v1/models/a-iris:1?reference=b-iris")).Status);
        Assert.Equal(HttpStatusCode.OK, (await team.PredictAsync("a-iris", """{"values": [5.1,3.5,1.4,0.2]}""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await team.UploadAsync("b-iris", model)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await team.SendJsonAsync(HttpMethod.Get, "/api/v1/models/b-iris:1?reference=a-iris")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await team.SendJsonAsync(HttpMethod.Put, "/api/v1/models/b-iris/aliases/x?model=a-iris", Api.Json("""{"version": 1, "model": "a-iris"}"""))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.SendJsonAsync(HttpMethod.Get, "/api/v1/models/b-iris")).Status);
    }
}
