using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Lineage;
using Larder.Registry.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Lineage;

/// <summary>Where something comes from, and what came of it.</summary>
public sealed class GetLineage(LineageGraph graph, LineageOptions options)
{
    // A page about something has other things to show, too.
    private const int PageNodes = 60;

    /// <summary>The lineage of a node, as far as the caller may see it.</summary>
    [Function("GetLineage"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Where a data set, job, run or version comes from, and what came of it; ?depth=&limit=.")]
    [Query("depth", "limit"), Answers(typeof(LineageAnswer))]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/lineage/{kind}/{*id}")] HttpRequest request,
        string kind,
        string? id,
        CancellationToken cancellationToken)
    {
        var depth = (int?)QueryParameters.Number(request, "depth", 1, options.Depth);
        var limit = (int?)QueryParameters.Number(request, "limit", 1, options.Nodes);
        return Envelope.Ok("Lineage provided", await OfAsync(request.Caller(), kind, id ?? "", depth, limit, cancellationToken));
    }

    /// <summary>The nearest part of a node's lineage, for the page about the node.</summary>
    internal Task<LineageAnswer> PartAsync(HttpRequest request, string kind, string id, CancellationToken cancellationToken) =>
        OfAsync(request.Caller(), kind, id, depth: null, Math.Min(PageNodes, options.Nodes), cancellationToken);

    /// <summary>The lineage of a node, as far as a caller may see it.</summary>
    internal async Task<LineageAnswer> OfAsync(Caller caller, string kind, string id, int? depth, int? limit, CancellationToken cancellationToken)
    {
        var lineage = await graph.OfAsync(caller, new LineageKey(kind, id), depth, limit, cancellationToken);
        return new LineageAnswer
        {
            Root = $"{lineage.Root.Key}",
            Nodes =
            [
                .. lineage.Nodes.Select(node => new LineageNodeDetails
                {
                    Key = $"{node.Key}", Kind = node.Key.Kind, Id = node.Key.Id, Title = node.Title, Time = node.Time, State = node.State, Link = node.Link, Page = node.Page,
                }),
            ],
            Edges = [.. lineage.Edges.Select(edge => new LineageEdgeDetails { From = $"{edge.From}", To = $"{edge.To}", Relation = edge.Relation })],
            Truncated = lineage.IsTruncated,
        };
    }
}
