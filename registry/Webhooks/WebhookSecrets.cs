using System.Security.Cryptography;
using System.Text;
using Larder.Registry.Errors;

namespace Larder.Registry.Webhooks;

/// <summary>
/// Keeps the secrets of webhooks, and signs with them. A secret leaves here as a signature only. With <see cref="WebhookOptions.EncryptionKey"/> it is stored
/// encrypted (AES-256-GCM, bound to the webhook's id).
/// </summary>
/// <param name="options">The key.</param>
public sealed class WebhookSecrets(WebhookOptions options)
{
    private const string Plain = "plain:";
    private const string Encrypted = "aes:";

    private readonly byte[]? _key = options.EncryptionKey.Length == 0 ? null : Convert.FromBase64String(options.EncryptionKey);

    /// <summary>
    /// The header <c>X-MLflow-Signature</c>: <c>v1,</c> and the Base64 of the HMAC-SHA256 of delivery id, time and payload, with dots between them; null for a webhook without a secret.
    /// </summary>
    /// <param name="webhook">The webhook.</param>
    /// <param name="delivery">The header <c>X-MLflow-Delivery-Id</c>.</param>
    /// <param name="timestamp">The header <c>X-MLflow-Timestamp</c>: seconds since 1970.</param>
    /// <param name="payload">The body.</param>
    /// <exception cref="StorageUnavailableException">The secret cannot be read: the key is missing, or another.</exception>
    public string? Sign(Webhook webhook, string delivery, string timestamp, string payload) => webhook.Secret is { } stored
        ? $"v1,{Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Read(webhook.Id, stored)), Encoding.UTF8.GetBytes($"{delivery}.{timestamp}.{payload}")))}"
        : null;

    /// <summary>A secret as it is stored.</summary>
    internal string Store(string webhook, string secret)
    {
        if (_key is null)
            return Plain + secret;
        var bytes = Encoding.UTF8.GetBytes(secret);
        var stored = new byte[AesGcm.NonceByteSizes.MaxSize + AesGcm.TagByteSizes.MaxSize + bytes.Length];
        var (nonce, tag, cipher) = Parts(stored);
        RandomNumberGenerator.Fill(nonce.Span);
        using var aes = new AesGcm(_key, AesGcm.TagByteSizes.MaxSize);
        aes.Encrypt(nonce.Span, bytes, cipher.Span, tag.Span, Encoding.UTF8.GetBytes(webhook));
        return Encrypted + Convert.ToBase64String(stored);
    }

    private string Read(string webhook, string stored)
    {
        if (stored.StartsWith(Plain, StringComparison.Ordinal))
            return stored[Plain.Length..];
        if (_key is null)
            throw Unreadable();
        var (nonce, tag, cipher) = Parts(Convert.FromBase64String(stored[Encrypted.Length..]));
        var bytes = new byte[cipher.Length];
        using var aes = new AesGcm(_key, AesGcm.TagByteSizes.MaxSize);
        try
        {
            aes.Decrypt(nonce.Span, cipher.Span, tag.Span, bytes, Encoding.UTF8.GetBytes(webhook));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw Unreadable();
        }
        return Encoding.UTF8.GetString(bytes);
    }

    private static (Memory<byte> Nonce, Memory<byte> Tag, Memory<byte> Cipher) Parts(byte[] stored)
    {
        var (nonce, tag) = (AesGcm.NonceByteSizes.MaxSize, AesGcm.TagByteSizes.MaxSize);
        return (stored.AsMemory(0, nonce), stored.AsMemory(nonce, tag), stored.AsMemory(nonce + tag));
    }

    private static StorageUnavailableException Unreadable() =>
        new("The webhook's secret was stored with another Webhooks:EncryptionKey than this server has: give the server that key, or the webhook a new secret.");
}
