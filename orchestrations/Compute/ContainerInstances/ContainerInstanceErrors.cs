using System.Text.Json;
using Azure;

namespace Larder.Orchestrations.Compute.ContainerInstances;

/// <summary>Tells errors that will pass from those that will not.</summary>
internal static class ContainerInstanceErrors
{
    /// <summary>Whether another operation of the same group is under way, which is the one 409 that passes soon.</summary>
    public static bool IsTransitioning(RequestFailedException error) =>
        error.Status == 409 && !IsQuotaOrCapacity(error.ErrorCode ?? "", MessageOf(error));

    /// <summary>Whether asking again would get the same answer: the request is wrong, or the region has no room for it.</summary>
    public static bool IsFinal(RequestFailedException error) =>
        error.Status is >= 400 and < 500 and not (408 or 409 or 429) || IsQuotaOrCapacity(error.ErrorCode ?? "", MessageOf(error));

    /// <summary>What the service said, without what the client library adds.</summary>
    public static string MessageOf(RequestFailedException error)
    {
        try
        {
            if (error.GetRawResponse()?.Content is { } content)
            {
                using var document = JsonDocument.Parse(content);
                return document.RootElement.GetProperty("error").GetProperty("message").GetString() is { Length: > 0 } message ? message : error.Message;
            }
        }
        catch (Exception unexpected) when (unexpected is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Some proxy's page, not the service's answer.
        }

        return error.Message.Split('\n')[0].TrimEnd();
    }

    // The service answers these with 409 or 503, which elsewhere mean that trying again helps: so it is the words that count.
    private static bool IsQuotaOrCapacity(string code, string message) =>
        code.Contains("Quota", StringComparison.OrdinalIgnoreCase)
        || message.Contains("quota", StringComparison.OrdinalIgnoreCase)
        || message.Contains("is not available in the location", StringComparison.OrdinalIgnoreCase);
}
