using Larder.Functions.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Larder.Functions.Tests.Access;

/// <summary>What browsers send for pages that are not this server's.</summary>
public sealed class BrowserGuardTests
{
    [Theory]
    [InlineData("localhost:7071", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("127.0.0.1:80", true)]
    [InlineData("[::1]", true)]
    [InlineData("[::1]:7071", true)]
    [InlineData("larder.test", true)]
    [InlineData("evil.example:7071", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    [InlineData("[::2]:7071", false)]
    [InlineData("", false)]
    public void Without_keys_only_names_of_this_machine_are_answered(string host, bool isAnswered)
    {
        var guard = Guard(new AccessOptions { AllowedHosts = "larder.test" }, isOpen: true);

        Assert.Equal(isAnswered, guard.Refuse(Request("GET", host)) is null);
    }

    [Fact]
    public void With_keys_and_where_the_owner_says_so_any_name_is_answered()
    {
        Assert.Null(Guard(new AccessOptions(), isOpen: false).Refuse(Request("GET", "larder.example")));
        Assert.Null(Guard(new AccessOptions { AllowedHosts = "*" }, isOpen: true).Refuse(Request("GET", "larder.example")));
    }

    [Theory]
    [InlineData("POST", null, true)]
    [InlineData("POST", "http://localhost:7071", true)]
    [InlineData("POST", "https://LOCALHOST:7071", true)]
    [InlineData("POST", "https://dashboard.example", true)]
    [InlineData("GET", "https://evil.example", true)]
    [InlineData("POST", "https://evil.example", false)]
    [InlineData("PUT", "https://evil.example", false)]
    [InlineData("PATCH", "https://evil.example", false)]
    [InlineData("DELETE", "https://evil.example", false)]
    [InlineData("BREW", "https://evil.example", false)]
    [InlineData("POST", "null", false)]
    [InlineData("POST", "", false)]
    [InlineData("POST", "http://localhost:3000", false)]
    [InlineData("POST", "http://localhost", false)]
    [InlineData("POST", "https://dashboard.example.evil.example", false)]
    [InlineData("POST", "https://evil.example/http://localhost:7071", false)]
    public void Pages_of_other_origins_change_nothing(string method, string? origin, bool isTaken)
    {
        foreach (var isOpen in new[] { true, false })
        {
            var guard = Guard(new AccessOptions { AllowedOrigins = "https://dashboard.example, https://other.example" }, isOpen);

            Assert.Equal(isTaken, guard.Refuse(Request(method, "localhost:7071", origin)) is null);
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public void Several_origins_are_refused_whichever_they_are(string method)
    {
        var request = Request(method, "localhost:7071");
        request.Headers.Origin = new(["http://localhost:7071", "http://localhost:7071"]);

        Assert.NotNull(Guard(new AccessOptions(), isOpen: true).Refuse(request));
    }

    private static OriginFilter Guard(AccessOptions options, bool isOpen)
    {
        var keys = new CallerKeys(new ConfigurationBuilder().AddInMemoryCollection([new("MasterKey", isOpen ? "" : "k")]).Build(), options, RoleRequirements.OfThisApp());
        return new OriginFilter(options, new CallerResolver(options, keys, null!, null!, null!, new Platform(IsAzure: false, IsAuthenticating: false), TimeProvider.System));
    }

    private static HttpRequest Request(string method, string host, string? origin = null)
    {
        var request = new DefaultHttpContext().Request;
        request.Method = method;
        request.Host = new HostString(host);
        if (origin is not null)
            request.Headers.Origin = origin;
        return request;
    }
}
