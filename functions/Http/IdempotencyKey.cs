using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary>The header <c>Idempotency-Key</c>: a repeated request with the same key is answered with the job of the first.</summary>
internal static class IdempotencyKey
{
    /// <summary>Its name.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>A request's key; null when it has none.</summary>
    /// <exception cref="InvalidRequestException">The key is not valid, or there are several.</exception>
    public static string? Of(HttpRequest request)
    {
        var given = request.Headers[Header];
        if (given.Count > 1)
            throw new InvalidRequestException($"The header {Header} is given {given.Count} times; once is enough.");
        if (given is not [{ } key])
            return null;
        JobStore.ValidateKey(key);
        return key;
    }
}
