using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Models;
using Larder.Registry.Ratings;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Ratings;

/// <summary>What callers think of models. A caller is known by its name: on a server that asks for no credentials all callers are one.</summary>
public sealed class RateModel(RatingStore ratings)
{
    private static readonly JsonBody<RatingRequest> Stars = new("{stars:integer}");

    /// <summary>The ratings of a model, and the caller's own.</summary>
    [Function("GetRating"), Requires(Role.Reader), Description("The ratings of a model: count, mean, the caller's own.")]
    [Query, Answers(typeof(RatingAnswer))]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/models/{model}/rating")] HttpRequest request, string model, CancellationToken cancellationToken) =>
        await AnswerAsync(request, ModelName.Parse(model), name => $"Ratings of {name}", cancellationToken);

    /// <summary>Sets the caller's rating of a model: <c>{"stars": 4}</c>.</summary>
    [Function("SetRating"), Requires(Role.Predictor), Description("Rate a model: {\"stars\": 4}, 1 to 5.")]
    [Query, Takes(nameof(Stars)), Answers(typeof(RatingAnswer))]
    public async Task<IActionResult> Set(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/v1/models/{model}/rating")] HttpRequest request, string model, CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var stars = (await Stars.ReadAsync(request, cancellationToken)).Stars;
        await ratings.SetAsync(name, request.Caller().Name, stars, cancellationToken);
        return await AnswerAsync(request, name, rated => $"{rated} rated with {stars}", cancellationToken);
    }

    /// <summary>Takes the caller's rating of a model away; also where there is none.</summary>
    [Function("DeleteRating"), Requires(Role.Predictor), Description("Take back the rating of a model.")]
    [Query, Answers(typeof(RatingAnswer))]
    public async Task<IActionResult> Delete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/models/{model}/rating")] HttpRequest request, string model, CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var removed = await ratings.RemoveAsync(name, request.Caller().Name, cancellationToken);
        return await AnswerAsync(request, name, rated => removed ? $"Rating of {rated} removed" : $"{rated} had no rating of this caller", cancellationToken);
    }

    private async Task<IActionResult> AnswerAsync(HttpRequest request, ModelName name, Func<ModelName, string> description, CancellationToken cancellationToken) =>
        Envelope.Ok(description(name), new RatingAnswer { Rating = await DetailsAsync(ratings, name, request.Caller(), cancellationToken) });

    /// <summary>The ratings of a model, as a caller sees them.</summary>
    internal static async Task<RatingDetails> DetailsAsync(RatingStore ratings, ModelName name, Caller caller, CancellationToken cancellationToken)
    {
        var (all, own) = await ratings.GetAsync(name, caller.Name, cancellationToken);
        return new RatingDetails { Count = all.Count, Mean = all.Mean, Own = own };
    }
}
