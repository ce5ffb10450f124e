using System.ComponentModel;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Orchestrations.Webhooks;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Text;
using Larder.Registry.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>MLflow's webhooks: made, shown, changed, deleted and tried. For administrators whose token has no scope.</summary>
public sealed class ManageWebhooks(WebhookStore webhooks, WebhookSender sender, TimeProvider time)
{
    private const int DefaultPage = 100;

    private static readonly MLflowBody<CreateWebhookRequest> New = new();
    private static readonly MLflowBody<UpdateWebhookRequest> Change = new();
    private static readonly MLflowQuery<ListWebhooksRequest> Page = new();
    private static readonly MLflowBody<TestWebhookRequest> Try = new();

    /// <summary>Makes a webhook.</summary>
    [Function("MLflowCreateWebhook"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("MLflow: make a webhook.")]
    [Takes(nameof(New)), Answers(typeof(WebhookAnswer))]
    public async Task<IActionResult> CreateWebhook(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/webhooks")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await New.ReadAsync(request, cancellationToken);
        if (body.Name.Length == 0)
            throw MLflowArguments.Missing("name");
        if (body.Url.Length == 0)
            throw MLflowArguments.Missing("url");
        var patch = new WebhookPatch(body.Name, body.Url, EventsOf(body.Events), body.Description, body.Secret, StatusOf(body.Status));
        return Answer(await webhooks.CreateAsync(patch, request.Caller().Name, cancellationToken));
    }

    /// <summary>A page of webhooks.</summary>
    [Function("MLflowListWebhooks"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("MLflow: webhooks; ?max_results=&page_token=.")]
    [Answers(typeof(WebhooksAnswer))]
    public async Task<IActionResult> ListWebhooks(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/webhooks")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Page.ReadAsync(request, cancellationToken);
        var limit = body.MaxResults is { } asked ? (int)Math.Clamp(asked, 0, int.MaxValue) : DefaultPage;
        var page = await webhooks.ListAsync(limit, MLflowValues.TokenOf(body.PageToken), cancellationToken);
        return new PlainAnswer(new WebhooksAnswer { Webhooks = MLflowAnswers.ListOf(page.Items.Select(Of)), NextPageToken = page.Cursor });
    }

    /// <summary>A webhook.</summary>
    [Function("MLflowGetWebhook"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("MLflow: a webhook.")]
    [Answers(typeof(WebhookAnswer))]
    public async Task<IActionResult> GetWebhook(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/webhooks/{webhook}")] HttpRequest request, string webhook, CancellationToken cancellationToken) =>
        Answer(await webhooks.GetAsync(webhook, cancellationToken));

    /// <summary>Changes a webhook.</summary>
    [Function("MLflowUpdateWebhook"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("MLflow: change a webhook.")]
    [Takes(nameof(Change)), Answers(typeof(WebhookAnswer))]
    public async Task<IActionResult> UpdateWebhook(
        [HttpTrigger(AuthorizationLevel.Anonymous, "patch", Route = MLflowRoutes.Api + "/webhooks/{webhook}")] HttpRequest request, string webhook, CancellationToken cancellationToken)
    {
        var body = await Change.ReadAsync(request, cancellationToken);
        var patch = new WebhookPatch(body.Name, body.Url, body.Events is null ? null : EventsOf(body.Events), body.Description, body.Secret, StatusOf(body.Status));
        return Answer(await webhooks.UpdateAsync(webhook, patch, request.Caller().Name, cancellationToken));
    }

    /// <summary>Deletes a webhook.</summary>
    [Function("MLflowDeleteWebhook"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("MLflow: delete a webhook, with its deliveries.")]
    [Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteWebhook(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = MLflowRoutes.Api + "/webhooks/{webhook}")] HttpRequest request, string webhook, CancellationToken cancellationToken)
    {
        await webhooks.DeleteAsync(webhook, request.Caller().Name, cancellationToken);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Sends an example of an event once, and says what came of it. A webhook that is disabled is tried, too.</summary>
    [Function("MLflowTestWebhook"), Requires(Role.Admin, Scope = ScopeRule.AllModels), Description("MLflow: send an example to a webhook.")]
    [Takes(nameof(Try)), Answers(typeof(WebhookTestAnswer))]
    public async Task<IActionResult> TestWebhook(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/webhooks/{webhook}/test")] HttpRequest request, string webhook, CancellationToken cancellationToken)
    {
        var body = await Try.ReadAsync(request, cancellationToken);
        if (body.Event is { } asked)
            WebhookEvents.Require(new WebhookEvent(asked.Entity, asked.Action));
        var found = await webhooks.GetAsync(webhook, cancellationToken);
        var name = body.Event is { } given ? new WebhookEvent(given.Entity, given.Action).Name : found.Events[0];
        var attempt = await sender.SendAsync(found, Guid.NewGuid().ToString(), EventPublisher.Example(name, time.GetUtcNow()), cancellationToken);
        return new PlainAnswer(new WebhookTestAnswer
        {
            Result = new MLflowWebhookTest { Success = attempt.Error is null, ResponseStatus = attempt.Status, ResponseBody = attempt.Body, ErrorMessage = attempt.Error },
        });
    }

    private static PlainAnswer Answer(Webhook webhook) => new(new WebhookAnswer { Webhook = Of(webhook) });

    private static MLflowWebhook Of(Webhook webhook) => new()
    {
        WebhookId = webhook.Id,
        Name = webhook.Name,
        Description = webhook.Description,
        Url = webhook.Url,
        Events = [.. webhook.Events.Select(WebhookEvent.Of).Select(known => new MLflowWebhookEvent { Entity = known.Entity, Action = known.Action })],
        Status = WireNames.Of(webhook.Status),
        CreationTimestamp = webhook.Created.ToUnixTimeMilliseconds(),
        LastUpdatedTimestamp = webhook.Updated.ToUnixTimeMilliseconds(),
    };

    private static IReadOnlyList<WebhookEvent> EventsOf(IReadOnlyList<MLflowWebhookEvent> events) => [.. events.Select(given => new WebhookEvent(given.Entity, given.Action))];

    private static WebhookStatus? StatusOf(string? status) => status switch
    {
        null or "" => null,
        _ when WireNames.All<WebhookStatus>().TryGetValue(status, out var known) => known,
        _ => throw new InvalidRequestException($"Invalid value {Quoted.Text(status)} for parameter 'status' supplied: it must be {string.Join(" or ", WireNames.All<WebhookStatus>().Keys)}."),
    };
}
