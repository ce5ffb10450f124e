using System.Security.Cryptography;
using System.Text;
using Larder.Functions.Access;
using Larder.Functions.Hosting;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Registry.Access;
using Larder.Registry.Tokens;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Larder.Functions.Tests.Access;

/// <summary>Who a request comes from.</summary>
public sealed class CallersTests
{
    private const string Oid = "http://schemas.microsoft.com/identity/claims/objectidentifier";

    private static readonly RoleRequirements Functions = RoleRequirements.OfThisApp();

    private static readonly Platform Laptop = new(IsAzure: false, IsAuthenticating: false);
    private static readonly Platform Azure = new(IsAzure: true, IsAuthenticating: false);
    private static readonly Platform Signed = new(IsAzure: true, IsAuthenticating: true);

    [Fact]
    public void Without_keys_and_roles_the_machine_s_own_users_may_do_everything_whatever_they_send()
    {
        var callers = Callers(Laptop);

        Assert.True(callers.IsOpen);
        Assert.Equal(Caller.Local, Who(callers, Request()));
        Assert.Equal(Caller.Local, Who(callers, Request(key: "anything")));
    }

    [Fact]
    public void A_key_of_the_settings_has_its_name_and_its_role_in_whichever_way_it_is_sent()
    {
        var callers = Callers(Laptop, ("FunctionKeys:ci", "k1"), ("FunctionKeys:default", "k2"), ("MasterKey", "k3"), ("Access:Keys:ci:Role", "contributor"));

        Assert.False(callers.IsOpen);
        Assert.Equal(new Caller("ci", Role.Contributor), Who(callers, Request(key: "k1")));
        Assert.Equal(new Caller("ci", Role.Contributor), Who(callers, Request(query: "?code=k1")));
        Assert.Equal(new Caller("ci", Role.Contributor), Who(callers, Request(authorization: "Bearer k1")));
        Assert.Equal(new Caller("ci", Role.Contributor), Who(callers, Request(authorization: "bearer  k1 ")));
        Assert.Equal(new Caller("ci", Role.Contributor), Who(callers, Request(authorization: Basic("any-name:k1"))));
        Assert.Equal(new Caller("default", Role.None), Who(callers, Request(key: "k2")));
        Assert.Equal(new Caller("master", Role.Admin), Who(callers, Request(key: "k3")));
        Assert.Equal(Caller.Anonymous, Who(callers, Request()));
    }

    [Fact]
    public void The_first_credential_counts_even_if_it_is_wrong()
    {
        var callers = Callers(Laptop, ("FunctionKeys:a", "k1"), ("FunctionKeys:b", "k2"));

        Assert.Equal("a", Who(callers, Request(key: "k2", query: "?code=k2", authorization: "Bearer k1"))!.Name);
        Assert.Equal("a", Who(callers, Request(key: "k1", query: "?code=k2"))!.Name);
        Assert.Equal(ErrorKind.Unauthenticated, Of(callers, Request(key: "x", query: "?code=k1")).Kind);
        Assert.Equal(ErrorKind.Unauthenticated, Of(callers, Request(key: "", query: "?code=k1")).Kind);
        Assert.Equal(ErrorKind.Unauthenticated, Of(callers, Request(key: "k1", authorization: "Bearer x")).Kind);
    }

    [Theory]
    [InlineData("Digest username=x", "The scheme of the header Authorization is neither Bearer nor Basic.")]
    [InlineData("Bearer", "The scheme of the header Authorization is neither Bearer nor Basic.")]
    [InlineData("", "The scheme of the header Authorization is neither Bearer nor Basic.")]
    [InlineData("Bearer ", "The token or key is not known to this server: it is wrong, or was revoked.")]
    [InlineData("Basic !", "The Basic credentials are not the base64 of USER:TOKEN.")]
    [InlineData("Basic bm9jb2xvbg==", "The Basic credentials are not the base64 of USER:TOKEN.")]
    [InlineData("Basic OnVua25vd24=", "The token or key is not known to this server: it is wrong, or was revoked.")]
    public void A_credential_that_cannot_be_read_or_is_wrong_is_401_with_the_reason(string authorization, string sentence)
    {
        var identity = Of(Callers(Laptop, ("FunctionKeys:a", "k1")), Request(authorization: authorization, key: "k1"));

        Assert.Equal((null, ErrorKind.Unauthenticated, sentence), (identity.Caller, identity.Kind, identity.Sentence));
    }

    [Fact]
    public void Two_authorizations_and_one_of_many_bytes_are_401()
    {
        var callers = Callers(Laptop, ("FunctionKeys:a", "k1"));
        var request = Request();
        request.Headers.Authorization = new(["Bearer k1", "Bearer k1"]);

        Assert.Equal("The header Authorization is given more than once.", Of(callers, request).Sentence);
        Assert.Equal(ErrorKind.Unauthenticated, Of(callers, Request(authorization: Basic($"{new string('u', 30_000)}:k1"))).Kind);
        Assert.Equal(ErrorKind.Unauthenticated, Of(callers, Request(authorization: $"Bearer {new string('u', 30_000)}")).Kind);
    }

    [Theory]
    [InlineData("GetModel", null)]
    [InlineData("getmodel", null)]
    [InlineData("DownloadJobOutput", "ReadJobOutput")]
    [InlineData("ReconcileJobs", null)]
    public void A_key_that_is_called_as_a_function_now_or_formerly_opens_that_one_alone(string name, string? now)
    {
        var callers = Callers(Laptop, ($"FunctionKeys:{name}", "k"), ("FunctionKeys:any", "all"), ("MasterKey", "m"));

        Assert.Equal(name, Of(callers, Request(key: "k"), now ?? name).Caller?.Name);
        var refused = Of(callers, Request(key: "k"), "Predict");
        Assert.Equal((null, ErrorKind.Forbidden, $"The key {name} opens only the function of that name."), (refused.Caller, refused.Kind, refused.Sentence));
        Assert.Equal("any", Of(callers, Request(key: "all"), "Predict").Caller?.Name);
        Assert.Equal("master", Of(callers, Request(key: "m"), "Predict").Caller?.Name);
    }

    [Fact]
    public void A_key_with_the_names_of_two_functions_opens_both_and_with_another_name_all()
    {
        var callers = Callers(Laptop, ("FunctionKeys:GetModel", "two"), ("FunctionKeys:Predict", "two"), ("FunctionKeys:ListModels", "all"), ("FunctionKeys:other", "all"));

        Assert.NotNull(Of(callers, Request(key: "two"), "GetModel").Caller);
        Assert.NotNull(Of(callers, Request(key: "two"), "Predict").Caller);
        Assert.Equal(ErrorKind.Forbidden, Of(callers, Request(key: "two"), "ListModels").Kind);
        Assert.NotNull(Of(callers, Request(key: "all"), "GetModel").Caller);
    }

    [Fact]
    public void Settings_that_are_empty_are_no_keys()
    {
        var callers = Callers(Laptop, ("FunctionKeys:default", "  "), ("MasterKey", ""), ("Access:AdminTokenSha256", ""));

        Assert.True(callers.IsOpen);
    }

    [Fact]
    public void The_administrator_s_first_token_is_known_by_its_hash()
    {
        var callers = Callers(Azure, ("Access:AdminTokenSha256", Hash("lrd_first")));

        Assert.False(callers.IsShut);
        Assert.Equal(new Caller("admin-token", Role.Admin), Who(callers, Request(authorization: "Bearer lrd_first")));
        Assert.Equal(ErrorKind.Unauthenticated, Of(callers, Request(authorization: "Bearer lrd_other")).Kind);
        Assert.Equal(Caller.Anonymous, Who(callers, Request()));
    }

    [Fact]
    public void In_Azure_without_any_credentials_configured_nobody_gets_in()
    {
        var callers = Callers(Azure);

        Assert.True(callers.IsShut);
        Assert.False(callers.IsOpen);
        Assert.Equal(Caller.Anonymous, Who(callers, Request()));
        Assert.Equal(ErrorKind.Unauthenticated, Of(callers, Request(key: "one")).Kind);
    }

    [Fact]
    public void A_key_of_Azure_s_is_known_by_its_hash()
    {
        var callers = Callers(Azure, ("Access:Keys:phone:Role", "predictor"), ("Access:Keys:phone:Sha256", Hash("secret").ToUpperInvariant()));

        Assert.Equal(new Caller("phone", Role.Predictor), Who(callers, Request(key: "secret")));
        Assert.Equal(ErrorKind.Unauthenticated, Of(callers, Request(key: "Secret")).Kind);
    }

    [Fact]
    public void Two_names_may_have_the_same_role_so_that_keys_can_be_changed_one_by_one()
    {
        var callers = Callers(Azure,
            ("Access:Keys:ci1:Role", "admin"), ("Access:Keys:ci1:Sha256", Hash("old")), ("Access:Keys:ci2:Role", "admin"), ("Access:Keys:ci2:Sha256", Hash("new")));

        Assert.Equal([new Caller("ci1", Role.Admin), new Caller("ci2", Role.Admin)], [Who(callers, Request(key: "old"))!, Who(callers, Request(key: "new"))!]);
    }

    [Fact]
    public void Until_roles_are_given_every_key_of_the_settings_may_do_everything() =>
        Assert.Equal(new Caller("ci", Role.Admin), Who(Callers(Azure, ("FunctionKeys:ci", "k")), Request(key: "k")));

    [Theory]
    [InlineData("Access:Keys:ci:Role", "reader")]
    [InlineData("Access:AppRoles:Larder.Read", "reader")]
    [InlineData("Access:ClientPrincipal", "true")]
    public void With_the_first_role_that_is_given_others_may_do_nothing(string name, string value)
    {
        var callers = Callers(Azure, (name, value), ("Access:Keys:ci:Sha256", name.Contains("Keys") ? Hash("ci") : ""), ("FunctionKeys:other", "other"));

        Assert.Equal(new Caller("other", Role.None), Who(callers, Request(key: "other")));
        Assert.Equal(Caller.Anonymous, Who(callers, Request()));
    }

    public static TheoryData<string, bool, bool, bool> Distrusted => new()
    {
        { "a laptop", false, false, true },
        { "a laptop on which the variable of authentication is set", false, true, true },
        { "Azure without authentication", true, false, true },
        { "Azure where the setting is off", true, true, false },
    };

    [Theory]
    [MemberData(nameof(Distrusted))]
    public void A_principal_counts_for_nothing_in(string place, bool isAzure, bool isAuthenticating, bool setting)
    {
        var callers = Callers(new Platform(isAzure, isAuthenticating), ("Access:ClientPrincipal", $"{setting}"), ("Access:Keys:a:Role", "reader"), ("Access:Keys:a:Sha256", Hash("k")));

        Assert.False(callers.BelievesPrincipals, place);
        Assert.Equal(new Caller("a", Role.Reader), Who(callers, Request(key: "k", principal: Principal(("roles", "admin"), (Oid, "1")))));
        Assert.Equal(Caller.Anonymous, Who(callers, Request(principal: "not even base64")));
    }

    [Fact]
    public void A_principal_that_the_platform_signed_in_counts_before_the_key()
    {
        var callers = Callers(Signed, ("Access:ClientPrincipal", "true"), ("Access:Keys:a:Role", "admin"), ("Access:Keys:a:Sha256", Hash("k")));

        Assert.True(callers.BelievesPrincipals);
        Assert.Equal(new Caller("ada@x.org/1", Role.Reader), Who(callers, Request(key: "k", principal: Principal(("roles", "reader"), (Oid, "1"), ("preferred_username", "ada@x.org")))));
        Assert.Equal(new Caller("a", Role.Admin), Who(callers, Request(key: "k")));
    }

    [Fact]
    public void The_highest_of_a_principal_s_roles_counts_and_app_roles_may_have_other_names()
    {
        var callers = Callers(Signed, ("Access:ClientPrincipal", "true"), ("Access:AppRoles:Models.Write", "contributor"), ("Access:AppRoles:Models.Read", "reader"));

        Role Of(params (string, string)[] claims) => Who(callers, Request(principal: Principal([(Oid, "1"), .. claims])))!.Role;

        Assert.Equal(Role.Contributor, Of(("roles", "Models.Read"), ("roles", "Models.Write"), ("roles", "predictor")));
        Assert.Equal(Role.Admin, Of(("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "admin")));
        Assert.Equal(Role.None, Of(("roles", "Administrator"), ("groups", "admin"), ("name", "admin")));
        Assert.Equal(Role.None, Of());
    }

    [Fact]
    public void A_principal_is_told_apart_by_what_nobody_can_choose_and_its_name_cannot_break_a_line()
    {
        string Of(params (string, string)[] claims) => Who(Callers(Signed, ("Access:ClientPrincipal", "true")), Request(principal: Principal(claims)))!.Name;

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

        Assert.Equal(ErrorKind.Unauthenticated, Of(callers, Request(key: "k", principal: header)).Kind);
    }

    [Fact]
    public void Two_principals_are_401()
    {
        var callers = Callers(Signed, ("Access:ClientPrincipal", "true"));
        var request = Request();
        request.Headers[ClientPrincipal.Header] = new([Principal((Oid, "1")), Principal((Oid, "2"), ("roles", "admin"))]);

        Assert.Equal(ErrorKind.Unauthenticated, Of(callers, request).Kind);
    }

    [Theory]
    [InlineData("Access:Keys:ci:Role", "Reader", "Setting Access:Keys:ci:Role: It must be reader, predictor, contributor or admin; got 'Reader'.")]
    [InlineData("Access:Keys:ci:Role", "5", "Setting Access:Keys:ci:Role: It must be reader, predictor, contributor or admin; got '5'.")]
    [InlineData("Access:Keys:ci:Sha256", "abc", "Setting Access:Keys:ci:Role: It must be reader, predictor, contributor or admin; got ''.", "Setting Access:Keys:ci:Sha256: It must be the key's SHA-256, 64 hexadecimal digits.")]
    [InlineData("Access:AppRoles:x", "owner", "Setting Access:AppRoles:x: It must be reader, predictor, contributor or admin; got 'owner'.")]
    [InlineData("Access:AdminTokenSha256", "abc", "Setting Access:AdminTokenSha256: It must be the token's SHA-256, 64 hexadecimal digits.")]
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

    private static CallerResolver Callers(Platform platform, params (string Name, string Value)[] settings)
    {
        var options = Options(settings);
        Assert.Empty(Problems(options));
        // No key here has the form of a token: the store is not asked.
        var tokens = new TokenCatalog(new TokenStore(null!, null!, TimeProvider.System), new TokenCacheOptions(), TimeProvider.System, NullLogger<TokenCatalog>.Instance);
        var sessions = new BrowserSessions(new EphemeralDataProtectionProvider(), new DashboardOptions());
        var wrong = new WrongCredentials(new WrongCredentialOptions(), platform, TimeProvider.System, NullLogger<WrongCredentials>.Instance);
        return new CallerResolver(options, new CallerKeys(Configuration(settings), options, Functions), tokens, sessions, wrong, platform, TimeProvider.System);
    }

    private static Identity Of(CallerResolver callers, HttpRequest request, string function = "GetModel")
    {
        var identity = callers.OfAsync(request, function);
        Assert.True(identity.IsCompletedSuccessfully);
        return identity.Result;
    }

    private static Caller? Who(CallerResolver callers, HttpRequest request) => Of(callers, request).Caller;

    private static string Basic(string credentials) => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))}";

    private static IReadOnlyList<string> Problems(AccessOptions options) => new FunctionSettingsValidator().Problems("Access", options);

    private static AccessOptions Options(params (string Name, string Value)[] settings) =>
        Configuration(settings).GetSection("Access").Get<AccessOptions>() ?? new AccessOptions();

    private static IConfiguration Configuration((string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value)).Build();

    private static HttpRequest Request(string? key = null, string? query = null, string? principal = null, string? authorization = null)
    {
        var request = new DefaultHttpContext().Request;
        if (key is not null)
            request.Headers["x-functions-key"] = key;
        if (authorization is not null)
            request.Headers.Authorization = authorization;
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
