using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Models;

/// <summary>Lists of models, a page at a time.</summary>
public sealed class ListModels(ModelRegistry registry)
{
    /// <summary>Names of all models that fit <c>?owner=&amp;tag=</c>; objects too with <c>?detail=true</c>. With <c>?deleted=true</c> those that can be restored.</summary>
    [Function("ListModels"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Names of all models; ?owner=&tag=; ?detail=true for more, ?deleted=true for deleted ones.")]
    [Query("owner", "tag", "detail", "deleted", "limit", "cursor"), Answers(typeof(ModelListAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var detail = request.Flag("detail");
        var page = await PageAsync(request, cancellationToken);
        return Envelope.Ok("Model list provided", new ModelListAnswer
        {
            ModelList = [.. page.Items.Select(model => model.Name)],
            Models = detail ? [.. page.Items.Select(ModelAnswers.Of)] : null,
            NextCursor = page.Cursor,
        });
    }

    /// <summary>What <see cref="GetModel"/> answers, for all models.</summary>
    [Function("AllInformation"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("Information on all models.")]
    [Query("owner", "tag", "limit", "cursor"), Answers(typeof(ModelInformationListAnswer))]
    public async Task<IActionResult> ListInformation(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models/information")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var page = await PageAsync(request, cancellationToken);
        var models = new List<ModelInformation>(page.Items.Count);
        foreach (var model in page.Items)
            models.Add(ModelAnswers.Information(model, await ServedAsync(model, cancellationToken)));
        return Envelope.Ok("Model information provided", new ModelInformationListAnswer { Models = models, NextCursor = page.Cursor });
    }

    // What is not in the caller's scope is left out, and a page filled up with what comes after.
    private async Task<Page<Model>> PageAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var (limit, cursor) = Paging.Of(request);
        var scope = request.Caller().Scope;
        var deleted = request.Flag("deleted");
        var owners = QueryParameters.Texts(request, "owner");
        var tags = QueryParameters.Texts(request, "tag");
        var models = new List<Model>();
        do
        {
            var page = await registry.ListAsync(limit - models.Count, cursor, deleted, cancellationToken);
            models.AddRange(page.Items.Where(Fits));
            cursor = page.Cursor;
        }
        while (cursor is not null && models.Count < limit);
        return new Page<Model>(models, cursor);

        bool Fits(Model model) =>
            scope?.Covers(model) != false && (owners.Count == 0 || owners.Contains(model.Owner)) && tags.All(tag => HasTag(model, tag));
    }

    /// <summary>Whether a model has a tag, given as <c>key:value</c> or as the key alone. Keys may have colons too.</summary>
    private static bool HasTag(Model model, string tag) =>
        model.Tags.ContainsKey(tag) || model.Tags.Any(one => tag.Length == one.Key.Length + 1 + one.Value.Length && tag == $"{one.Key}:{one.Value}");

    private async Task<ModelVersion?> ServedAsync(Model model, CancellationToken cancellationToken)
    {
        try
        {
            return model.ServedVersion is { } number ? await registry.GetVersionAsync(model.Name, number, cancellationToken) : null;
        }
        catch (NotFoundException)
        {
            // Deleted since the list was read.
            return null;
        }
    }
}
