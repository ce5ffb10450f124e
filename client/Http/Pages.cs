using System.Runtime.CompilerServices;

namespace Larder.Client.Http;

/// <summary>Lists that come in pages.</summary>
internal static class Pages
{
    /// <summary>The items of all pages, each page read when its first item is asked for.</summary>
    /// <param name="read">Reads the page at a cursor; null is the first.</param>
    /// <param name="items">The items of a page.</param>
    /// <param name="next">The cursor of the next page; null or empty at the last one.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    public static async IAsyncEnumerable<TItem> AllAsync<TPage, TItem>(
        Func<string?, CancellationToken, Task<TPage>> read,
        Func<TPage, IReadOnlyList<TItem>?> items,
        Func<TPage, string?> next,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var page = await read(cursor, cancellationToken);
            foreach (var item in items(page) ?? [])
                yield return item;
            cursor = next(page);
        }
        while (!string.IsNullOrEmpty(cursor));
    }
}
