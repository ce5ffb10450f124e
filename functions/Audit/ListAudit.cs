using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Audit;

/// <summary>Who changed what, and when.</summary>
public sealed class ListAudit(AuditHistory history)
{
    private const int MaxActor = 256;

    /// <summary>A page of the records that match the query, the newest first. It may be short, even empty, and still have a <c>next_cursor</c>.</summary>
    [Function("ListAudit"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("Who changed what; ?subject=&actor=&from=&to=&limit=&cursor=.")]
    [Query("subject", "actor", "from", "to", "limit", "cursor"), Answers(typeof(AuditAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/audit")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var paging = Paging.Of(request);
        var page = await history.ListAsync(Filter(request), paging.Limit, paging.Cursor, cancellationToken);
        return Envelope.Ok("Audit records provided", new AuditAnswer { Records = [.. page.Items.Select(AuditAnswers.Of)], NextCursor = page.Cursor });
    }

    private static AuditFilter Filter(HttpRequest request)
    {
        var actor = QueryParameters.Text(request, "actor");
        if (actor?.Length > MaxActor)
            throw new InvalidRequestException($"actor can have at most {MaxActor} characters.");
        return new AuditFilter
        {
            Subject = QueryParameters.Text(request, "subject") is { } subject ? AuditSubject.Parse(subject) : null,
            Actor = actor,
            From = QueryParameters.Time(request, "from"),
            To = QueryParameters.EndTime(request, "to"),
        };
    }
}
