using System.Text.Json.Serialization;

namespace Larder.Contracts;

/// <summary>An event on its way to a webhook, or what came of it.</summary>
public sealed record WebhookDeliveryDetails
{
    /// <summary>Its id, which the receiver gets as <c>X-MLflow-Delivery-Id</c>.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The event, such as <c>model_version.created</c>.</summary>
    [JsonPropertyName("event")]
    public required string Event { get; init; }

    /// <summary><c>pending</c>, <c>delivered</c> or <c>failed</c>.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>When the event happened.</summary>
    [JsonPropertyName("created")]
    public required DateTimeOffset Created { get; init; }

    /// <summary>Attempts so far.</summary>
    [JsonPropertyName("attempts")]
    public required int Attempts { get; init; }

    /// <summary>When the last attempt ended; null before the first.</summary>
    [JsonPropertyName("last_attempt")]
    public DateTimeOffset? LastAttempt { get; init; }

    /// <summary>When the next attempt is due; null when there is none.</summary>
    [JsonPropertyName("next_attempt")]
    public DateTimeOffset? NextAttempt { get; init; }

    /// <summary>How long the last attempt took, in milliseconds.</summary>
    [JsonPropertyName("duration_ms")]
    public long? DurationMs { get; init; }

    /// <summary>HTTP status of the last answer; null without one.</summary>
    [JsonPropertyName("response_status")]
    public int? ResponseStatus { get; init; }

    /// <summary>The beginning of the last answer's body.</summary>
    [JsonPropertyName("response_body")]
    public string? ResponseBody { get; init; }

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    [JsonPropertyName("error")]
    public string? Error { get; init; }

    /// <summary>The caller that asked for it again last.</summary>
    [JsonPropertyName("redelivered_by")]
    public string? RedeliveredBy { get; init; }

    /// <summary>The body that is sent.</summary>
    [JsonPropertyName("payload")]
    public required string Payload { get; init; }
}

/// <summary><c>GET /api/v1/webhooks/{webhook}/deliveries</c>.</summary>
public sealed record WebhookDeliveryListAnswer : Answer
{
    /// <summary>A page of deliveries, the newest event first.</summary>
    [JsonPropertyName("deliveries")]
    public required IReadOnlyList<WebhookDeliveryDetails> Deliveries { get; init; }

    /// <summary><c>?cursor=</c> of the next page; null at the last one.</summary>
    [JsonPropertyName("next_cursor")]
    public string? NextCursor { get; init; }
}

/// <summary><c>POST /api/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver</c>.</summary>
public sealed record WebhookDeliveryAnswer : Answer
{
    /// <summary>The delivery.</summary>
    [JsonPropertyName("delivery")]
    public required WebhookDeliveryDetails Delivery { get; init; }
}
