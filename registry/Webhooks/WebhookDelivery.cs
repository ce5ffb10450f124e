using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Larder.Registry.Storage;

namespace Larder.Registry.Webhooks;

/// <summary>An event on its way to a webhook, or the outcome of that.</summary>
public sealed record WebhookDelivery
{
    internal static readonly DocumentCollection<WebhookDelivery> Collection = RegistryJson.Collection<WebhookDelivery>("webhook-deliveries");

    /// <summary>A UUID that is made of webhook and event, so the same event is never another delivery; ids sort newest first.</summary>
    public required string Id { get; init; }

    /// <summary>Id of the webhook.</summary>
    public required string Webhook { get; init; }

    /// <summary>Which event (<see cref="WebhookEvents"/>).</summary>
    public required string Event { get; init; }

    /// <summary>The body, the same for all attempts.</summary>
    public required string Payload { get; init; }

    /// <summary>When the event happened.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Where it is.</summary>
    public WebhookDeliveryStatus Status { get; init; }

    /// <summary>All attempts so far.</summary>
    public int Attempts { get; init; }

    /// <summary>The attempts since it was made, or since a caller asked for it again.</summary>
    public int Tries { get; init; }

    /// <summary>When the last attempt ended.</summary>
    public DateTimeOffset? LastAttempt { get; init; }

    /// <summary>When the next attempt is due; null when it is over.</summary>
    public DateTimeOffset? NextAttempt { get; init; }

    /// <summary>How long the last attempt took, in milliseconds.</summary>
    public long? DurationMs { get; init; }

    /// <summary>HTTP status of the last answer; null when there was none.</summary>
    public int? AnswerStatus { get; init; }

    /// <summary>The beginning of the last answer's body.</summary>
    public string? AnswerBody { get; init; }

    /// <summary>Why the last attempt failed, in a sentence; null when it did not.</summary>
    public string? Error { get; init; }

    /// <summary>Who asked for it again last.</summary>
    public string? RedeliveredBy { get; init; }

    /// <summary>The id of a delivery: a UUID of version 8, of the milliseconds until the end of all times that fit, and a hash.</summary>
    /// <param name="webhook">The webhook.</param>
    /// <param name="occurrence">What happened, unique among all events.</param>
    /// <param name="when">When.</param>
    internal static string IdOf(string webhook, string occurrence, DateTimeOffset when)
    {
        const int TimeBits = 48;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{webhook}\n{occurrence}"));
        var time = (1L << TimeBits) - 1 - when.ToUnixTimeMilliseconds();
        var digits = $"{time:x12}{Convert.ToHexStringLower(hash.AsSpan(0, 10))}";
        return $"{digits[..8]}-{digits[8..12]}-8{digits[13..16]}-a{digits[17..20]}-{digits[20..32]}";
    }

    /// <summary>Whether a text can be a delivery's id.</summary>
    public static bool IsId(string text) => Webhooks.Webhook.IsId(text);
}

/// <summary>Where a delivery is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WebhookDeliveryStatus>))]
public enum WebhookDeliveryStatus
{
    /// <summary>It is being sent, or waits for the next attempt.</summary>
    [JsonStringEnumMemberName("pending")] Pending,

    /// <summary>The receiver answered with 2xx.</summary>
    [JsonStringEnumMemberName("delivered")] Delivered,

    /// <summary>It is given up; it can be delivered again by hand.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}

/// <summary>What came of an attempt.</summary>
/// <param name="Status">HTTP status; null without an answer.</param>
/// <param name="Body">The beginning of the answer's body.</param>
/// <param name="Error">Why it failed; null when the receiver has it.</param>
/// <param name="IsFinal">Whether another attempt would be of no use.</param>
/// <param name="RetryAfter">How long the receiver asks to wait.</param>
/// <param name="Duration">How long it took.</param>
public sealed record DeliveryAttempt(int? Status, string? Body, string? Error, bool IsFinal, TimeSpan? RetryAfter, TimeSpan Duration)
{
    /// <summary>An attempt that did not begin, and none will.</summary>
    public static DeliveryAttempt GivenUp(string error) => new(null, null, error, IsFinal: true, null, TimeSpan.Zero);
}

/// <summary>A delivery that one server may send now: others leave it alone until then.</summary>
/// <param name="Webhook">Id of the webhook.</param>
/// <param name="Delivery">Id of the delivery.</param>
/// <param name="Until">When others may take it.</param>
/// <param name="ETag">Of the claim.</param>
public sealed record DeliveryClaim(string Webhook, string Delivery, DateTimeOffset Until, string ETag);

/// <summary>
/// That a delivery is to be sent: a small document beside it, so that deliveries that are due are found without reading those that are over. It works like a message of a queue: who takes it
/// moves its time into the future, and deletes it at the end.
/// </summary>
internal sealed record PendingDelivery
{
    public static readonly DocumentCollection<PendingDelivery> Collection = RegistryJson.Collection<PendingDelivery>("webhook-pending");

    /// <summary>From when on a server may take it.</summary>
    public required DateTimeOffset Due { get; init; }
}
