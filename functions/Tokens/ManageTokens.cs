using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Tokens;

/// <summary>The tokens that callers authenticate with. For administrators whose own token has no scope.</summary>
public sealed class ManageTokens(TokenStore tokens, TimeProvider time)
{
    private static readonly JsonBody<NewTokenRequest> Body = new("{name:string, role:string, scope:{prefixes:[string], tags:{name:text}}, expires:time}, scope and expires optional");

    /// <summary>
    /// Creates a token. This answer is the only one that shows its secret: with the header <c>Idempotency-Key</c>, a repeated request creates no second token and shows no secret.
    /// </summary>
    [Function("CreateToken"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("Make a token: {\"name\", \"role\", \"scope\", \"expires\"}; it is shown once.")]
    [Query, Takes(nameof(Body)), TakesHeaders(IdempotencyKey.Header), Answers(typeof(NewTokenAnswer), StatusCodes.Status201Created), Answers(typeof(NewTokenAnswer))]
    public async Task<IActionResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/admin/tokens")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var key = IdempotencyKey.Of(request);
        var body = await Body.ReadAsync(request, cancellationToken);
        var role = RoleNames.Find(body.Role) ?? throw new InvalidRequestException($"role must be {RoleNames.All}.");
        var scope = body.Scope is { } given ? new ModelScope { Prefixes = given.Prefixes ?? [], Tags = given.Tags ?? [] } : null;
        var (token, secret) = await tokens.CreateAsync(new TokenRequest(body.Name, role, scope, body.Expires), request.Caller().Name, key, cancellationToken);
        var answer = new NewTokenAnswer { Token = secret, Info = TokenAnswers.Of(token, time.GetUtcNow()) };
        return secret is null
            ? Envelope.Ok($"The token {token.Name} was made by an earlier request, and shown then", answer)
            : new Envelope(StatusCodes.Status201Created, $"The token {token.Name} is made; it is not shown again", answer)
                .WithLocation($"/api/v1/admin/tokens/{token.Id}");
    }

    /// <summary>A page of tokens, without their secrets.</summary>
    [Function("ListTokens"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("Tokens, what they allow and when they were used last; ?limit=&cursor=.")]
    [Query("limit", "cursor"), Answers(typeof(TokenListAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/admin/tokens")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var paging = Paging.Of(request);
        var page = await tokens.ListAsync(paging.Limit, paging.Cursor, cancellationToken);
        var now = time.GetUtcNow();
        return Envelope.Ok("Token list provided", new TokenListAnswer { Tokens = [.. page.Items.Select(token => TokenAnswers.Of(token, now))], NextCursor = page.Cursor });
    }

    /// <summary>Revokes a token: this server refuses it at once, others within a minute (<c>Access:Tokens:HardTtl</c>).</summary>
    [Function("RevokeToken"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("Revoke a token; other servers refuse it within a minute.")]
    [Query, Answers(typeof(Answer))]
    public async Task<IActionResult> Revoke(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/admin/tokens/{token}")] HttpRequest request,
        string token,
        CancellationToken cancellationToken)
    {
        var revoked = await tokens.RevokeAsync(token, request.Caller().Name, cancellationToken);
        return Envelope.Ok($"The token {revoked.Name} is revoked");
    }
}
