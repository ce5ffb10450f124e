namespace Larder.Registry.Storage;

/// <summary>Part of a list.</summary>
/// <param name="Items">In order. Fewer than were asked for do not mean the end.</param>
/// <param name="Cursor">Asks for the next page; null at the end.</param>
/// <typeparam name="T">What is listed.</typeparam>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Cursor);

/// <summary>Lists that come in pages, whole.</summary>
public static class Listing
{
    /// <summary>All items of a list, page after page.</summary>
    /// <param name="read">Reads the page of a cursor; null for the first.</param>
    /// <typeparam name="T">What is listed.</typeparam>
    public static async IAsyncEnumerable<T> AllAsync<T>(Func<string?, Task<Page<T>>> read)
    {
        string? cursor = null;
        do
        {
            var page = await read(cursor);
            foreach (var one in page.Items)
                yield return one;
            cursor = page.Cursor;
        }
        while (cursor is not null);
    }
}
