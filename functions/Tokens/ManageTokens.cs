using System.ComponentModel;
using System.Text.Json.Serialization;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Tokens;

/// <summary>The tokens that callers authenticate with. For administrators whose own token has no scope.</summary>
public sealed class ManageTokens(TokenStore tokens, TimeProvider time)
{
    private const string Expected = "{name:string, role:string, scope:{prefixes:[string], tags:{name:text}}, expires:time}, scope and expires optional";

    /// <summary>
    /// Makes a token, and shows it: this once. With the header <c>Idempotency-Key</c>, sending the same again makes no other token; it is not shown again.
    /// </summary>
    [Function("CreateToken"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("Make a token: {\"name\", \"role\", \"scope\", \"expires\"}; it is shown once.")]
    public async Task<IActionResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/admin/tokens")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        QueryParameters.RequireKnown(request);
        var key = IdempotencyKey.Of(request);
        var body = await Json.ReadAsync<Body>(request, Expected, cancellationToken);
        var role = RoleNames.Find(body.Role) ?? throw new InvalidRequestException($"role must be {RoleNames.All}.");
        var scope = body.Scope is { } given ? new ModelScope { Prefixes = given.Prefixes ?? [], Tags = given.Tags ?? [] } : null;
        var (token, secret) = await tokens.CreateAsync(new TokenRequest(body.Name, role, scope, body.Expires), request.Caller().Name, key, cancellationToken);
        var envelope = secret is null
            ? Envelope.Ok($"The token {token.Name} was made by an earlier request, and shown then")
            : new Envelope(StatusCodes.Status201Created, $"The token {token.Name} is made; it is not shown again").WithHeader(HeaderNames.Location, $"/api/v1/admin/tokens/{token.Id}");
        return envelope.With("token", secret).With("info", Shown(token));
    }

    /// <summary>What tokens there are, without themselves, a page at a time.</summary>
    [Function("ListTokens"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("Tokens, what they allow and when they were used last; ?limit=&cursor=.")]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/admin/tokens")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        QueryParameters.RequireKnown(request, "limit", "cursor");
        var paging = Paging.Of(request);
        var page = await tokens.ListAsync(paging.Limit, paging.Cursor, cancellationToken);
        return Envelope.Ok("Token list provided").With("tokens", page.Items.Select(Shown)).With("next_cursor", page.Cursor);
    }

    /// <summary>Revokes a token: this server refuses it at once, others within a minute (<c>Access:Tokens:HardTtl</c>).</summary>
    [Function("RevokeToken"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("Revoke a token; other servers refuse it within a minute.")]
    public async Task<IActionResult> Revoke(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/admin/tokens/{token}")] HttpRequest request,
        string token,
        CancellationToken cancellationToken)
    {
        QueryParameters.RequireKnown(request);
        var revoked = await tokens.RevokeAsync(token, request.Caller().Name, cancellationToken);
        return Envelope.Ok($"The token {revoked.Name} is revoked");
    }

    private View Shown(CallerToken token) => new(
        token.Id, token.Name, token.Role, token.Scope, token.Created, token.CreatedBy, token.Expires, token.Expires <= time.GetUtcNow(), token.LastUsed);

    private sealed record Body
    {
        [JsonRequired]
        public string Name { get; init; } = "";

        [JsonRequired]
        public string Role { get; init; } = "";

        public ScopeBody? Scope { get; init; }

        public DateTimeOffset? Expires { get; init; }
    }

    private sealed record ScopeBody(IReadOnlyList<string>? Prefixes = null, Dictionary<string, string>? Tags = null);

    // What an administrator may see of a token.
    private sealed record View(
        string Id, string Name, Role Role, ModelScope? Scope, DateTimeOffset Created, string CreatedBy, DateTimeOffset? Expires, bool IsExpired, DateTimeOffset? LastUsed);
}
