using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Webhooks;

/// <summary>What was sent to a webhook, and what came of it. Webhooks themselves are made by MLflow's API.</summary>
public sealed class WebhookDeliveries(WebhookStore webhooks, DeliveryStore deliveries)
{
    /// <summary>A page of deliveries.</summary>
    [Function("ListWebhookDeliveries"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("Deliveries of a webhook, the newest first; ?limit=&cursor=.")]
    [Query("limit", "cursor"), Answers(typeof(WebhookDeliveryListAnswer))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/webhooks/{webhook}/deliveries")] HttpRequest request, string webhook, CancellationToken cancellationToken)
    {
        var paging = Paging.Of(request);
        var found = await webhooks.GetAsync(webhook, cancellationToken);
        var page = await deliveries.ListAsync(found.Id, paging.Limit, paging.Cursor, cancellationToken);
        return Envelope.Ok("Delivery list provided", new WebhookDeliveryListAnswer { Deliveries = [.. page.Items.Select(Of)], NextCursor = page.Cursor });
    }

    /// <summary>Delivers an event again.</summary>
    [Function("RedeliverWebhook"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("Deliver an event to a webhook again, with the same id and body.")]
    [Query, Takes, Answers(typeof(WebhookDeliveryAnswer), StatusCodes.Status202Accepted)]
    public async Task<IActionResult> Redeliver(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver")] HttpRequest request,
        string webhook,
        string delivery,
        CancellationToken cancellationToken)
    {
        var found = await webhooks.GetAsync(webhook, cancellationToken);
        var again = await deliveries.RedeliverAsync(found, delivery, request.Caller().Name, cancellationToken);
        return new Envelope(StatusCodes.Status202Accepted, $"The delivery {again.Id} is sent again", new WebhookDeliveryAnswer { Delivery = Of(again) });
    }

    private static WebhookDeliveryDetails Of(WebhookDelivery delivery) => new()
    {
        Id = delivery.Id,
        Event = delivery.Event,
        Status = WireNames.Of(delivery.Status),
        Created = delivery.Created,
        Attempts = delivery.Attempts,
        LastAttempt = delivery.LastAttempt,
        NextAttempt = delivery.NextAttempt,
        DurationMs = delivery.DurationMs,
        ResponseStatus = delivery.AnswerStatus,
        ResponseBody = delivery.AnswerBody,
        Error = delivery.Error,
        RedeliveredBy = delivery.RedeliveredBy,
        Payload = delivery.Payload,
    };
}
