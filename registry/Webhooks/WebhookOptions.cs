using Larder.Inference.Limits;

namespace Larder.Registry.Webhooks;

/// <summary>How events are delivered (settings <c>Webhooks:*</c>).</summary>
public sealed record WebhookOptions
{
    /// <summary>The most webhooks.</summary>
    [Between(1, 1000)]
    public int MaxWebhooks { get; init; } = 100;

    /// <summary>Whether <c>http</c> and <c>https</c> URLs may lead to this machine: for development.</summary>
    public bool AllowLoopback { get; init; }

    /// <summary>
    /// With which secrets are encrypted in storage: 32 bytes in Base64. Empty: they are stored as they are. What was stored under another key cannot be read any more.
    /// </summary>
    [KeyOf32Bytes]
    public string EncryptionKey { get; init; } = "";

    /// <summary>How long a receiver may take to answer.</summary>
    [Between("00:00:01", "00:01:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Attempts of a delivery; then it has failed.</summary>
    [Between(1, 50)]
    public int Attempts { get; init; } = 12;

    /// <summary>The time between the first two attempts; each wait is twice as long as the one before it, and up to a half longer by chance.</summary>
    [Between("00:00:01", "01:00:00")]
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait, but for one that a receiver asks for.</summary>
    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Deliveries that a server makes to one webhook at the same time.</summary>
    [Between(1, 64)]
    public int Parallelism { get; init; } = 4;

    /// <summary>How long deliveries that are over are listed.</summary>
    [Between("02:00:00", "366.00:00:00")]
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The most deliveries of a webhook that are over and listed; the oldest go first, once in an hour.</summary>
    [Between(1, 100_000)]
    public int MaxDeliveries { get; init; } = 1000;
}

/// <summary>A key in Base64, or nothing.</summary>
internal sealed class KeyOf32BytesAttribute : SettingAttribute
{
    /// <inheritdoc />
    public override string Right => "32 bytes in Base64, or empty";

    /// <inheritdoc />
    protected override bool Accepts(object value) => value is "" || (value is string text && Convert.TryFromBase64String(text, new byte[text.Length], out var length) && length == 32);
}
