namespace Larder.Client.Http;

/// <summary>A request of the API.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">Path and query, relative to the server's address.</param>
internal sealed record ApiRequest(HttpMethod Method, ApiPath Path)
{
    /// <summary>The body; null for none.</summary>
    public HttpContent? Content { get; init; }

    /// <summary>Makes a repetition harmless: the server answers it with what the first request made.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Whether it only reads, whatever its method is.</summary>
    public bool OnlyReads { get; init; }

    /// <summary>Whether it asks how the server is at this moment, so that a repetition would hide the answer.</summary>
    public bool IsProbe { get; init; }

    /// <summary>Whether it carries or answers a file or a stream, which no limit of time holds for.</summary>
    public bool TakesLong { get; init; }

    /// <summary>The media type that is wanted; null for the usual.</summary>
    public string? Accept { get; init; }

    /// <summary>The last event of a stream that broke off.</summary>
    public string? LastEventId { get; init; }

    /// <summary>The message to send.</summary>
    public HttpRequestMessage ToMessage()
    {
        var message = new HttpRequestMessage(Method, Path.ToString()) { Content = Content };
        if (IdempotencyKey is not null)
            message.Headers.Add("Idempotency-Key", IdempotencyKey);
        if (Accept is not null)
            message.Headers.Accept.ParseAdd(Accept);
        if (LastEventId is not null)
            message.Headers.TryAddWithoutValidation("Last-Event-ID", LastEventId);
        // A refusal comes before the file is sent.
        if (Content is not null && TakesLong)
            message.Headers.ExpectContinue = true;
        message.Options.Set(Repetition.IsAllowed, !IsProbe && (Method == HttpMethod.Get || OnlyReads || IdempotencyKey is not null) && FileContent.CanBeRepeated(Content));
        return message;
    }
}
