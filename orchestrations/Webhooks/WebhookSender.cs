using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Larder.Orchestrations.Outbound;
using Larder.Registry.Errors;
using Larder.Registry.Webhooks;

namespace Larder.Orchestrations.Webhooks;

/// <summary>
/// Sends an event to a webhook once: <c>POST</c> with the headers and the signature of MLflow (mlflow/webhooks/delivery.py). Only to public addresses, unless
/// <see cref="WebhookOptions.AllowLoopback"/>; redirects are not followed.
/// </summary>
public sealed class WebhookSender : IDisposable
{
    private const int MaxBody = 1024;

    // Answers that another attempt may change, beside those of servers that fail.
    private static readonly HttpStatusCode[] Passing = [HttpStatusCode.RequestTimeout, (HttpStatusCode)425, HttpStatusCode.TooManyRequests];

    private readonly WebhookSecrets _secrets;
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    /// <summary>Makes one.</summary>
    /// <param name="secrets">Signs.</param>
    /// <param name="options">How long a receiver may take, and where it may be.</param>
    /// <param name="time">For the header with the time.</param>
    public WebhookSender(WebhookSecrets secrets, WebhookOptions options, TimeProvider time)
    {
        (_secrets, _options, _time) = (secrets, options, time);
        _client = new HttpClient(OutboundHandler.Create(address => PublicAddress.Is(address) || (options.AllowLoopback && IPAddress.IsLoopback(address)))) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends it.</summary>
    /// <param name="webhook">To whom.</param>
    /// <param name="delivery">The delivery's id.</param>
    /// <param name="payload">The body.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>What came of it.</returns>
    public async Task<DeliveryAttempt> SendAsync(Webhook webhook, string delivery, string payload, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.Timeout);
        try
        {
            using var request = Request(webhook, delivery, payload);
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            var body = await BeginningAsync(response, timeout.Token);
            var status = (int)response.StatusCode;
            var error = response.IsSuccessStatusCode ? null
                : status is >= 300 and < 400 ? $"The receiver answered {status}; redirects are not followed. Give the webhook the address that it leads to."
                : $"The receiver answered {status}.";
            return Attempt(status, body, error, isFinal: status < 500 && !Passing.Contains(response.StatusCode), RetryAfter(response));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Attempt(null, null, $"The receiver did not answer within {_options.Timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} seconds.");
        }
        catch (HttpRequestException e) when (e.InnerException is InvalidRequestException refused)
        {
            return Attempt(null, null, refused.Message, isFinal: true);
        }
        catch (HttpRequestException e) when (e.InnerException is ConnectionRefusedException refused)
        {
            return Attempt(null, null, refused.Message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            var reason = (e as HttpRequestException)?.HttpRequestError is { } kind and not HttpRequestError.Unknown ? kind.ToString() : "the connection broke";
            return Attempt(null, null, $"The receiver did not answer as HTTP has it: {reason}.");
        }
        catch (StorageUnavailableException e)
        {
            return Attempt(null, null, e.Message);
        }

        DeliveryAttempt Attempt(int? status, string? body, string? error, bool isFinal = false, TimeSpan? retryAfter = null) =>
            new(status, body, error, isFinal, retryAfter, Stopwatch.GetElapsedTime(started));
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private HttpRequestMessage Request(Webhook webhook, string delivery, string payload)
    {
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(payload)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Larder", null));
        request.Headers.Add("X-MLflow-Delivery-Id", delivery);
        request.Headers.Add("X-MLflow-Timestamp", timestamp);
        if (_secrets.Sign(webhook, delivery, timestamp, payload) is { } signature)
            request.Headers.Add("X-MLflow-Signature", signature);
        return request;
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _time.GetUtcNow(),
        _ => null,
    };

    private static async Task<string?> BeginningAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
        var bytes = new byte[MaxBody];
        var length = await content.ReadAtLeastAsync(bytes, MaxBody, throwOnEndOfStream: false, cancellationToken);
        return length == 0 ? null : Encoding.UTF8.GetString(bytes, 0, length);
    }
}
