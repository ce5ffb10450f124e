using System.Text.Json;

namespace Larder.Client.Http;

/// <summary>Reads what a server says of a request that it refused.</summary>
internal static class ErrorAnswer
{
    // A page of a proxy can be long, and its beginning is no sentence.
    private const int MostBytes = 64 * 1024;

    /// <summary>The exception for an answer that is not one of success.</summary>
    public static async Task<LarderException> ReadAsync(HttpResponseMessage answer, TimeProvider time, CancellationToken cancellationToken)
    {
        // Not followed: the token is for the address that the caller named.
        var sentence = (int)answer.StatusCode is >= 300 and < 400 && answer.Headers.Location is { } moved
            ? $"The server says that it is elsewhere ({moved}): use that address."
            : await SentenceAsync(answer, cancellationToken)
            ?? $"The server answered {(int)answer.StatusCode} {answer.ReasonPhrase}, without a sentence of Larder's: it may be another program, or a proxy before it.";
        return new LarderException(sentence, answer.StatusCode, RequestId(answer), RetryAfter(answer, time));
    }

    /// <summary>The answer's <c>x-request-id</c>.</summary>
    public static string? RequestId(HttpResponseMessage answer) => answer.Headers.TryGetValues("x-request-id", out var ids) ? ids.FirstOrDefault() : null;

    /// <summary>The answer's <c>Retry-After</c>, whether it is seconds or a date.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage answer, TimeProvider time) => answer.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date - time.GetUtcNow() is var wait => wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    private static async Task<string?> SentenceAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            var bytes = new byte[MostBytes];
            var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
            using var json = JsonDocument.Parse(bytes.AsMemory(0, length));
            return SentenceOf(json.RootElement);
        }
        catch (Exception e) when (e is JsonException or IOException or HttpRequestException)
        {
            return null;
        }
    }

    // The shapes of Larder's own API, of MLflow's and of the Open Inference Protocol.
    private static string? SentenceOf(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return null;
        if (json.TryGetProperty("http_status", out var status) && status.ValueKind == JsonValueKind.Object && Text(status, "description") is { } description)
            return json.TryGetProperty("waiting_for", out var reasons) && reasons.ValueKind == JsonValueKind.Array
                ? $"{description}: {string.Join("; ", reasons.EnumerateArray())}."
                : description;
        return Text(json, "message") ?? Text(json, "error");
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
