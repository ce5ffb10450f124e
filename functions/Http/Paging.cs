using System.Globalization;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Http;

/// <summary><c>?limit=&amp;cursor=</c> of every list.</summary>
/// <param name="Limit">Most items of a page, 1 to <see cref="MaxLimit"/>.</param>
/// <param name="Cursor">The <c>next_cursor</c> of the page before; null for the first.</param>
internal readonly record struct Paging(int Limit, string? Cursor)
{
    /// <summary>Largest and default page.</summary>
    public const int MaxLimit = 1000;

    /// <summary>Reads the query string.</summary>
    /// <exception cref="InvalidRequestException">The limit is not a number in range.</exception>
    public static Paging Of(HttpRequest request)
    {
        var limit = MaxLimit;
        if (request.Query["limit"] is [{ } text]
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
        {
            throw new InvalidRequestException($"limit must be a whole number from 1 to {MaxLimit}.");
        }
        return new Paging(limit, request.Query["cursor"] is [{ Length: > 0 } cursor] ? cursor : null);
    }
}
