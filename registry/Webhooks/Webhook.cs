using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Webhooks;

/// <summary>A receiver of events, as it is stored.</summary>
public sealed partial record Webhook
{
    // All are in one partition: whatever changes lists them, and there are few.
    internal const string Partition = "all";

    private const int MaxUrl = 2048;
    private const int MaxSecret = 1024;

    internal static readonly DocumentCollection<Webhook> Collection = RegistryJson.Collection<Webhook>("webhooks");

    /// <summary>A UUID, as MLflow's.</summary>
    public required string Id { get; init; }

    /// <summary>What it is called; several may be called the same.</summary>
    public required string Name { get; init; }

    /// <summary>Free text; null for none.</summary>
    public string? Description { get; init; }

    /// <summary>Where events are sent.</summary>
    public required string Url { get; init; }

    /// <summary>Which events (<see cref="WebhookEvents"/>), without repetition.</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>Whether it gets any.</summary>
    public required WebhookStatus Status { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset Updated { get; init; }

    /// <summary>Its secret as <see cref="WebhookSecrets"/> keeps it; null for none.</summary>
    [JsonInclude]
    internal string? Secret { get; init; }

    /// <summary>It is deleted: the document goes when that is in the audit log and its deliveries are gone.</summary>
    [JsonInclude]
    internal bool Deleted { get; init; }

    /// <summary>Records of its changes that may not be in the log yet.</summary>
    [JsonInclude]
    internal AuditOutbox Outbox { get; init; } = new();

    /// <summary>Whether it gets an event.</summary>
    internal bool Takes(string name) => Status == WebhookStatus.Active && !Deleted && Events.Contains(name);

    /// <summary>Whether a text can be a webhook's id.</summary>
    public static bool IsId(string text) => Guid.TryParseExact(text, "D", out var id) && id.ToString() == text;

    /// <summary>Refuses what no webhook can be, with MLflow's sentences where it has any.</summary>
    /// <exception cref="InvalidRequestException">It is not allowed.</exception>
    internal static void Validate(WebhookPatch patch, WebhookOptions options)
    {
        if (patch.Name is { } name && !OfName().IsMatch(name))
        {
            throw new InvalidRequestException(
                $"Webhook name {Quoted.Text(name)} is invalid. It must start and end with a letter or digit, be less than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).");
        }
        FieldLimits.ValidateDescription(patch.Description);
        if (patch.Url is { } url)
            ValidateUrl(url, options);
        if (patch.Secret?.Length > MaxSecret)
            throw new InvalidRequestException($"The secret can have at most {MaxSecret} characters, and this one has {patch.Secret.Length}.");
        foreach (var given in patch.Events ?? [])
            WebhookEvents.Require(given);
    }

    private static void ValidateUrl(string url, WebhookOptions options)
    {
        if (string.IsNullOrWhiteSpace(url))
            throw new InvalidRequestException($"Webhook URL cannot be empty or just whitespace: {Quoted.Text(url)}");
        if (url.Length > MaxUrl)
            throw new InvalidRequestException($"The webhook URL can have at most {MaxUrl} characters, and this one has {url.Length}.");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || url.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            throw new InvalidRequestException($"Webhook URL is no absolute URL: {Quoted.Text(url)}");
        if (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && options.AllowLoopback && uri.IsLoopback))
            throw new InvalidRequestException($"Invalid webhook URL scheme: {Quoted.Text(uri.Scheme)}. Allowed schemes are: https.");
        if (uri.Host.Length == 0)
            throw new InvalidRequestException($"Webhook URL must include a hostname: {Quoted.Text(url)}");
        if (uri.UserInfo.Length > 0)
            throw new InvalidRequestException("The webhook URL must not have a user name or password: give the webhook a secret, with which its deliveries are signed.");
        if (uri.Fragment.Length > 0)
            throw new InvalidRequestException("The webhook URL must not have a fragment (#...), which is never sent.");
    }

    [GeneratedRegex(@"\A(?=.{1,63}\z)[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex OfName();
}

/// <summary>Whether a webhook gets events.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WebhookStatus>))]
public enum WebhookStatus
{
    /// <summary>It gets them.</summary>
    [JsonStringEnumMemberName("ACTIVE")] Active,

    /// <summary>It gets none; events of that time are not sent later.</summary>
    [JsonStringEnumMemberName("DISABLED")] Disabled,
}

/// <summary>What a webhook is to be: of a new one all that it has, of a change what is not null.</summary>
/// <param name="Name">As <see cref="Webhook.Name"/>.</param>
/// <param name="Url">As <see cref="Webhook.Url"/>.</param>
/// <param name="Events">As <see cref="Webhook.Events"/>.</param>
/// <param name="Description">As <see cref="Webhook.Description"/>.</param>
/// <param name="Secret">The secret itself.</param>
/// <param name="Status">As <see cref="Webhook.Status"/>.</param>
public sealed record WebhookPatch(string? Name, string? Url, IReadOnlyList<WebhookEvent>? Events, string? Description, string? Secret, WebhookStatus? Status)
{
    /// <summary>Its name: the text of a record has all members, and the secret may be in none.</summary>
    public override string ToString() => Name ?? "";
}
