using System.Security.Cryptography;
using System.Text;
using Larder.Inference;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Larder.Functions.Tests;

/// <summary>Who a request comes from.</summary>
public sealed class CallersTests
{
    private const string Oid = "http://schemas.microsoft.com/identity/claims/objectidentifier";

    private static readonly Platform Laptop = new(IsAzure: false, IsAuthenticating: false);
    private static readonly Platform Azure = new(IsAzure: true, IsAuthenticating: false);
    private static readonly Platform Signed = new(IsAzure: true, IsAuthenticating: true);

    [Fact]
    public void Without_keys_and_roles_the_machine_s_own_users_may_do_everything_whatever_they_send()
    {
        var callers = Callers(Laptop);

        Assert.True(callers.IsOpen);
        Assert.Equal(Caller.Local, callers.Of(Request(), isKeyChecked: true));
        Assert.Equal(Caller.Local, callers.Of(Request(key: "anything"), isKeyChecked: true));
        Assert.Equal(Caller.Local, callers.Of(Request(), isKeyChecked: false));
    }

    [Fact]
    public void A_key_of_the_settings_has_its_name_and_its_role()
    {
        var callers = Callers(Laptop, ("FunctionKeys:ci", "k1"), ("FunctionKeys:default", "k2"), ("MasterKey", "k3"), ("Access:Keys:ci:Role", "contributor"));

        Assert.False(callers.IsOpen);
        Assert.Equal(new Caller("ci", Role.Contributor), callers.Of(Request(key: "k1"), true));
        Assert.Equal(new Caller("ci", Role.Contributor), callers.Of(Request(query: "?code=k1"), true));
        Assert.Equal(new Caller("default", Role.None), callers.Of(Request(key: "k2"), true));
        Assert.Equal(new Caller("master", Role.Admin), callers.Of(Request(key: "k3"), true));
        Assert.Equal(Caller.Anonymous, callers.Of(Request(), true));
        // As with the host: what the header has counts, even if it is wrong.
        Assert.Equal(Caller.Anonymous, callers.Of(Request(key: "x", query: "?code=k1"), true));
    }

    [Fact]
    public void A_key_of_Azure_s_is_known_by_its_hash()
    {
        var callers = Callers(Azure, ("Access:Keys:phone:Role", "predictor"), ("Access:Keys:phone:Sha256", Hash("secret").ToUpperInvariant()));

        Assert.Equal(new Caller("phone", Role.Predictor), callers.Of(Request(key: "secret"), true));
        Assert.Equal(Caller.Anonymous, callers.Of(Request(key: "Secret"), true));
    }

    [Fact]
    public void Two_names_may_have_the_same_role_so_that_keys_can_be_changed_one_by_one()
    {
        var callers = Callers(Azure,
            ("Access:Keys:ci1:Role", "admin"), ("Access:Keys:ci1:Sha256", Hash("old")), ("Access:Keys:ci2:Role", "admin"), ("Access:Keys:ci2:Sha256", Hash("new")));

        Assert.Equal([new Caller("ci1", Role.Admin), new Caller("ci2", Role.Admin)], [callers.Of(Request(key: "old"), true), callers.Of(Request(key: "new"), true)]);
    }

    [Fact]
    public void Until_roles_are_given_whoever_the_host_lets_through_may_do_everything_and_is_told_apart_by_key()
    {
        var callers = Callers(Azure);

        var one = callers.Of(Request(key: "one"), true);
        var other = callers.Of(Request(key: "other"), true);

        Assert.Equal((Role.Admin, Role.Admin), (one.Role, other.Role));
        Assert.NotEqual(one.Name, other.Name);
        Assert.Matches("^key-[0-9a-f]{8}$", one.Name);
        Assert.Equal(new Caller("unnamed", Role.Admin), callers.Of(Request(), true));
        // Nobody checked this one.
        Assert.Equal(Caller.Anonymous, callers.Of(Request(key: "one"), false));
    }

    [Theory]
    [InlineData("Access:Keys:ci:Role", "reader")]
    [InlineData("Access:AppRoles:Larder.Read", "reader")]
    [InlineData("Access:ClientPrincipal", "true")]
    public void With_the_first_role_that_is_given_others_may_do_nothing(string name, string value)
    {
        var callers = Callers(Azure, (name, value), ("Access:Keys:ci:Sha256", name.Contains("Keys") ? Hash("ci") : ""));

        Assert.Equal(Caller.Anonymous, callers.Of(Request(key: "other"), true));
        Assert.Equal(Caller.Anonymous, callers.Of(Request(), true));
    }

    public static TheoryData<string, bool, bool, bool> Distrusted => new()
    {
        { "a laptop", false, false, true },
        { "a laptop where somebody set the variable of authentication", false, true, true },
        { "Azure without authentication", true, false, true },
        { "Azure where the setting is off", true, true, false },
    };

    [Theory]
    [MemberData(nameof(Distrusted))]
    public void A_principal_counts_for_nothing_in(string place, bool isAzure, bool isAuthenticating, bool setting)
    {
        var callers = Callers(new Platform(isAzure, isAuthenticating), ("Access:ClientPrincipal", $"{setting}"), ("Access:Keys:a:Role", "reader"), ("Access:Keys:a:Sha256", Hash("k")));

        Assert.False(callers.BelievesPrincipals, place);
        Assert.Equal(new Caller("a", Role.Reader), callers.Of(Request(key: "k", principal: Principal(("roles", "admin"), (Oid, "1"))), true));
        Assert.Equal(Caller.Anonymous, callers.Of(Request(principal: "not even base64"), true));
    }

    [Fact]
    public void A_principal_that_the_platform_signed_in_counts_before_the_key()
    {
        var callers = Callers(Signed, ("Access:ClientPrincipal", "true"), ("Access:Keys:a:Role", "admin"), ("Access:Keys:a:Sha256", Hash("k")));

        Assert.True(callers.BelievesPrincipals);
        Assert.Equal(new Caller("ada@x.org/1", Role.Reader), callers.Of(Request(key: "k", principal: Principal(("roles", "reader"), (Oid, "1"), ("preferred_username", "ada@x.org"))), true));
        Assert.Equal(new Caller("a", Role.Admin), callers.Of(Request(key: "k"), true));
    }

    [Fact]
    public void The_highest_of_a_principal_s_roles_counts_and_app_roles_may_have_other_names()
    {
        var callers = Callers(Signed, ("Access:ClientPrincipal", "true"), ("Access:AppRoles:Models.Write", "contributor"), ("Access:AppRoles:Models.Read", "reader"));

        Role Of(params (string, string)[] claims) => callers.Of(Request(principal: Principal([(Oid, "1"), .. claims])), true).Role;

        Assert.Equal(Role.Contributor, Of(("roles", "Models.Read"), ("roles", "Models.Write"), ("roles", "predictor")));
        Assert.Equal(Role.Admin, Of(("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "admin")));
        Assert.Equal(Role.None, Of(("roles", "Administrator"), ("groups", "admin"), ("name", "admin")));
        Assert.Equal(Role.None, Of());
    }

    [Fact]
    public void A_principal_is_told_apart_by_what_nobody_can_choose_and_its_name_cannot_break_a_line()
    {
        string Of(params (string, string)[] claims) => Callers(Signed, ("Access:ClientPrincipal", "true")).Of(Request(principal: Principal(claims)), true).Name;

        Assert.Equal("7", Of((Oid, "7")));
        Assert.Equal("app", Of(("azp", "app")));
        Assert.Equal("Ada?admin/7", Of(("oid", "7"), ("name", "Ada\nadmin")));
        Assert.Equal(100 + 2, Of(("oid", "7"), ("name", new string('x', 1000))).Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64!")]
    [InlineData("bm90IGpzb24=")]
    [InlineData("bnVsbA==")]
    [InlineData("W10=")]
    [InlineData("e30=")]
    [InlineData("eyJjbGFpbXMiOiBudWxsfQ==")]
    [InlineData("eyJjbGFpbXMiOiBbbnVsbF19")]
    [InlineData("eyJjbGFpbXMiOiBbMV19")]
    [InlineData("eyJjbGFpbXMiOiBbXX0=")]
    public void A_malformed_principal_is_401(string header)
    {
        var callers = Callers(Signed, ("Access:ClientPrincipal", "true"));

        var refused = Assert.Throws<RefusedException>(() => callers.Of(Request(key: "k", principal: header), true));

        Assert.Equal(ErrorKind.Unauthenticated, refused.Kind);
    }

    [Fact]
    public void Two_principals_are_401()
    {
        var callers = Callers(Signed, ("Access:ClientPrincipal", "true"));
        var request = Request();
        request.Headers[ClientPrincipal.Header] = new([Principal((Oid, "1")), Principal((Oid, "2"), ("roles", "admin"))]);

        Assert.Equal(ErrorKind.Unauthenticated, Assert.Throws<RefusedException>(() => callers.Of(request, true)).Kind);
    }

    [Theory]
    [InlineData("Access:Keys:ci:Role", "Reader", "Setting Access:Keys:ci:Role: It must be reader, predictor, contributor or admin; got 'Reader'.")]
    [InlineData("Access:Keys:ci:Role", "5", "Setting Access:Keys:ci:Role: It must be reader, predictor, contributor or admin; got '5'.")]
    [InlineData("Access:Keys:ci:Sha256", "abc", "Setting Access:Keys:ci:Role: It must be reader, predictor, contributor or admin; got ''.", "Setting Access:Keys:ci:Sha256: It must be the key's SHA-256, 64 hexadecimal digits.")]
    [InlineData("Access:AppRoles:x", "owner", "Setting Access:AppRoles:x: It must be reader, predictor, contributor or admin; got 'owner'.")]
    [InlineData("Access:AllowedOrigins", "https://a.example/", "Setting Access:AllowedOrigins: An origin is as https://example.com, in small letters; got 'https://a.example/'.")]
    public void A_wrong_setting_is_named(string name, string value, params string[] sentences) =>
        Assert.Equal(sentences, Problems(Options((name, value))));

    [Fact]
    public void A_hash_that_is_none_is_named() =>
        Assert.StartsWith("Setting Access:Keys:ci:Sha256: It must be", Assert.Single(Problems(Options(("Access:Keys:ci:Role", "admin"), ("Access:Keys:ci:Sha256", "abc")))));

    [Fact]
    public void A_name_without_a_key_and_two_names_of_one_key_are_refused()
    {
        var missing = Assert.Throws<OptionsValidationException>(() => Callers(Azure, ("Access:Keys:ci:Role", "admin")));
        var twice = Assert.Throws<OptionsValidationException>(() => Callers(Azure,
            ("Access:Keys:a:Role", "admin"), ("Access:Keys:a:Sha256", Hash("k")), ("Access:Keys:b:Role", "reader"), ("FunctionKeys:b", "k")));

        Assert.Contains("Setting Access:Keys:ci:Sha256: It is needed", missing.Message);
        Assert.Contains("each name needs a key of its own", twice.Message);
        Assert.DoesNotContain(Hash("k"), twice.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    public void A_key_of_any_length_has_a_hash(int length) =>
        Assert.Equal(KeyHash.Parse(Hash(new string('ü', length))), KeyHash.Of(new string('ü', length)));

    private static Callers Callers(Platform platform, params (string Name, string Value)[] settings)
    {
        var options = Options(settings);
        Assert.Empty(Problems(options));
        return new Callers(options, new CallerKeys(Configuration(settings), options), platform);
    }

    private static IReadOnlyList<string> Problems(AccessOptions options) => new FunctionSettingsValidator().Problems("Access", options);

    private static AccessOptions Options(params (string Name, string Value)[] settings) =>
        Configuration(settings).GetSection("Access").Get<AccessOptions>() ?? new AccessOptions();

    private static IConfiguration Configuration((string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value)).Build();

    private static HttpRequest Request(string? key = null, string? query = null, string? principal = null)
    {
        var request = new DefaultHttpContext().Request;
        if (key is not null)
            request.Headers["x-functions-key"] = key;
        if (query is not null)
            request.QueryString = new QueryString(query);
        if (principal is not null)
            request.Headers[ClientPrincipal.Header] = principal;
        return request;
    }

    internal static string Principal(params (string Type, string Value)[] claims) => Convert.ToBase64String(Encoding.UTF8.GetBytes(System.Text.Json.JsonSerializer.Serialize(new
    {
        auth_typ = "aad",
        claims = claims.Select(claim => new { typ = claim.Type, val = claim.Value }),
        name_typ = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        role_typ = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
    })));

    internal static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
