using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>A kind of event.</summary>
public sealed record MLflowWebhookEvent
{
    /// <summary>What it is about: REGISTERED_MODEL, MODEL_VERSION, MODEL_VERSION_TAG, MODEL_VERSION_ALIAS; ALIAS, JOB and DRIFT are Larder's own.</summary>
    [JsonPropertyName("entity")]
    public required string Entity { get; init; }

    /// <summary>What happened to it: CREATED, SET, DELETED; MOVED, ENDED and FOUND are Larder's own.</summary>
    [JsonPropertyName("action")]
    public required string Action { get; init; }
}

/// <summary>A receiver of events, without its secret.</summary>
public sealed record MLflowWebhook
{
    /// <summary>Its id.</summary>
    [JsonPropertyName("webhook_id")]
    public required string WebhookId { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    [JsonPropertyName("description"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    /// <summary>Where events are sent.</summary>
    [JsonPropertyName("url")]
    public required string Url { get; init; }

    /// <summary>Which events.</summary>
    [JsonPropertyName("events")]
    public required IReadOnlyList<MLflowWebhookEvent> Events { get; init; }

    /// <summary>ACTIVE or DISABLED.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>When it was made, in milliseconds since 1970.</summary>
    [JsonPropertyName("creation_timestamp")]
    public required long CreationTimestamp { get; init; }

    /// <summary>When it was last changed, in milliseconds since 1970.</summary>
    [JsonPropertyName("last_updated_timestamp")]
    public required long LastUpdatedTimestamp { get; init; }
}

/// <summary><c>POST webhooks</c>.</summary>
public sealed record CreateWebhookRequest
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Where events are to be sent.</summary>
    [JsonPropertyName("url")]
    public required string Url { get; init; }

    /// <summary>Which events.</summary>
    [JsonPropertyName("events")]
    public required IReadOnlyList<MLflowWebhookEvent> Events { get; init; }

    /// <summary>What it is for.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>With which deliveries are signed.</summary>
    [JsonPropertyName("secret")]
    public string? Secret { get; init; }

    /// <summary>ACTIVE, which is the default, or DISABLED.</summary>
    [JsonPropertyName("status")]
    public string? Status { get; init; }
}

/// <summary><c>PATCH webhooks/{webhook}</c>: what is absent or empty stays.</summary>
public sealed record UpdateWebhookRequest
{
    /// <summary>Its name.</summary>
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    /// <summary>Where events are to be sent.</summary>
    [JsonPropertyName("url")]
    public string? Url { get; init; }

    /// <summary>Which events.</summary>
    [JsonPropertyName("events")]
    public IReadOnlyList<MLflowWebhookEvent>? Events { get; init; }

    /// <summary>What it is for.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>With which deliveries are signed from now on.</summary>
    [JsonPropertyName("secret")]
    public string? Secret { get; init; }

    /// <summary>ACTIVE or DISABLED.</summary>
    [JsonPropertyName("status")]
    public string? Status { get; init; }
}

/// <summary><c>GET webhooks</c>.</summary>
public sealed record ListWebhooksRequest
{
    /// <summary>The most webhooks of the page, 1 to 1000; 100 by default.</summary>
    [JsonPropertyName("max_results")]
    public long? MaxResults { get; init; }

    /// <summary>next_page_token of the page before.</summary>
    [JsonPropertyName("page_token")]
    public string? PageToken { get; init; }
}

/// <summary><c>POST webhooks/{webhook}/test</c>.</summary>
public sealed record TestWebhookRequest
{
    /// <summary>The event of which an example is sent; the first of the webhook's by default.</summary>
    [JsonPropertyName("event")]
    public MLflowWebhookEvent? Event { get; init; }
}

/// <summary>A webhook.</summary>
public sealed record WebhookAnswer
{
    /// <summary>The webhook.</summary>
    [JsonPropertyName("webhook")]
    public required MLflowWebhook Webhook { get; init; }
}

/// <summary>A page of webhooks.</summary>
public sealed record WebhooksAnswer
{
    /// <summary>The webhooks, the newest first.</summary>
    [JsonPropertyName("webhooks"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MLflowWebhook>? Webhooks { get; init; }

    /// <summary><c>page_token</c> of the next page.</summary>
    [JsonPropertyName("next_page_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextPageToken { get; init; }
}

/// <summary>What came of a test.</summary>
public sealed record WebhookTestAnswer
{
    /// <summary>The result.</summary>
    [JsonPropertyName("result")]
    public required MLflowWebhookTest Result { get; init; }
}

/// <summary>The result of a test.</summary>
public sealed record MLflowWebhookTest
{
    /// <summary>Whether the receiver answered with 2xx.</summary>
    [JsonPropertyName("success")]
    public required bool Success { get; init; }

    /// <summary>HTTP status of its answer.</summary>
    [JsonPropertyName("response_status"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ResponseStatus { get; init; }

    /// <summary>The beginning of the answer's body.</summary>
    [JsonPropertyName("response_body"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ResponseBody { get; init; }

    /// <summary>Why it failed.</summary>
    [JsonPropertyName("error_message"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ErrorMessage { get; init; }
}
