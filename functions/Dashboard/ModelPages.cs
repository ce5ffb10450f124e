using System.ComponentModel;
using Larder.Contracts;
using Larder.Dashboard.Pages;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Lineage;
using Larder.Functions.Models;
using Larder.Functions.OpenApi;
using Larder.Functions.Ratings;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Ratings;
using Larder.Registry.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Dashboard;

/// <summary>The pages of models, and the forms on them.</summary>
internal sealed class ModelPages(Pages pages, PageForms forms, ModelRegistry registry, ModelSearch search, GetModel models, GetCard cards, GetLineage lineage, RatingStore ratings)
{
    private const int PageSize = 50;

    /// <summary>The list.</summary>
    [Function("UiModels"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("The page of models.")]
    [Query("filter", "order", "cursor"), Answers(MediaType = "text/html")]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/models")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var filter = QueryParameters.Text(request, "filter") ?? "";
        var order = ModelsPage.Orders.FirstOrDefault(known => known.Value == QueryParameters.Text(request, "order"), ModelsPage.Orders[0]).Value;
        var scope = request.Caller().Scope;
        var (page, problem) = (new Page<Model>([], null), (string?)null);
        try
        {
            page = await search.ModelsAsync(
                new RegistrySearch(filter, [order], PageSize, QueryParameters.Text(request, "cursor")), model => scope?.Covers(model) != false, cancellationToken);
        }
        catch (InvalidRequestException exception)
        {
            problem = exception.Message;
        }
        return await pages.ShowAsync<ModelsPage>(
            request,
            new()
            {
                [nameof(ModelsPage.Models)] = page.Items.Select(ModelAnswers.Of).ToList(),
                [nameof(ModelsPage.Cursor)] = page.Cursor,
                [nameof(ModelsPage.Filter)] = filter,
                [nameof(ModelsPage.Order)] = order,
                [nameof(ModelsPage.Problem)] = problem,
            },
            problem is null ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    /// <summary>A model.</summary>
    [Function("UiModel"), Requires(Role.Reader), Description("The page of a model.")]
    [Query("cursor"), Answers(MediaType = "text/html")]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/models/{reference}")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var answer = (ModelAnswer)((Envelope)await models.Get(request, reference, cancellationToken)).Answer!;
        return await pages.ShowAsync<ModelPage>(request, new()
        {
            [nameof(ModelPage.Answer)] = answer,
            [nameof(ModelPage.Reference)] = reference,
            [nameof(ModelPage.Rating)] = await RateModel.DetailsAsync(ratings, ModelName.Parse(answer.Name), request.Caller(), cancellationToken),
            [nameof(ModelPage.Lineage)] = answer.Version is { } version ? await lineage.PartAsync(request, "version", $"{version.Model}:{version.Version}", cancellationToken) : null,
        });
    }

    /// <summary>The card of a version.</summary>
    [Function("UiCard"), Requires(Role.Reader), Description("The page of a version's card.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Card(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/models/{reference}/card")] HttpRequest request,
        string reference,
        CancellationToken cancellationToken)
    {
        var card = await cards.CardAsync(reference, cancellationToken);
        return await pages.ShowAsync<CardPage>(request, new() { [nameof(CardPage.Reference)] = card.Reference, [nameof(CardPage.Html)] = CardText.Html(card) });
    }

    /// <summary>Moves an alias, or the default.</summary>
    [Function("UiMoveAlias"), Requires(Role.Contributor), Description("Moves an alias of a model, by a form.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Move(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/models/{model}/aliases")] HttpRequest request,
        string model,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var form = await forms.ReadAsync(request, cancellationToken);
        var (alias, version, actor) = (form["alias"], form.Number("version"), request.Caller().Name);
        ModelName.ValidateAlias(alias);
        // The version that the page showed: another caller's move in between is not undone unseen.
        var expected = form.Number("current");
        var change = alias == ModelName.Default
            ? await registry.SetDefaultAsync(name, version, expectedCurrent: expected, actor: actor, cancellationToken: cancellationToken)
            : await registry.SetAliasAsync(name, alias, version ?? throw new InvalidRequestException("Choose a version for the alias."), expectedCurrent: expected, actor: actor, cancellationToken: cancellationToken);
        return pages.Go(request, $"/ui/models/{name}", version is null ? $"{alias} follows the newest version, {change.Current}." : $"{alias} is version {change.Current} now.");
    }

    /// <summary>Sets or takes back the caller's rating.</summary>
    [Function("UiRateModel"), Requires(Role.Predictor), Description("Rates a model, by a form.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Rate(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/models/{model}/rating")] HttpRequest request,
        string model,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var form = await forms.ReadAsync(request, cancellationToken);
        if (form.Number("stars") is { } stars)
            await ratings.SetAsync(name, request.Caller().Name, stars, cancellationToken);
        else
            await ratings.RemoveAsync(name, request.Caller().Name, cancellationToken);
        return pages.Go(request, $"/ui/models/{name}", "Your rating is saved.");
    }

    /// <summary>Removes an alias.</summary>
    [Function("UiRemoveAlias"), Requires(Role.Contributor), Description("Removes an alias of a model, by a form.")]
    [Query, Answers(MediaType = "text/html")]
    public async Task<IActionResult> Remove(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/models/{model}/alias-removals")] HttpRequest request,
        string model,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var form = await forms.ReadAsync(request, cancellationToken);
        var change = await registry.DeleteAliasAsync(name, form["alias"], actor: request.Caller().Name, cancellationToken: cancellationToken);
        return pages.Go(request, $"/ui/models/{name}", $"The alias {change.Alias} is removed; it was version {change.Previous}.");
    }
}
