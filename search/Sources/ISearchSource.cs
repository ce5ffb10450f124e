namespace Larder.Search.Sources;

/// <summary>What can be found of one area. Items come in groups that are read together, such as a model with its versions.</summary>
internal interface ISearchSource
{
    /// <summary>The group that a document belongs to; null for one that has nothing to do with what is found here.</summary>
    /// <param name="collection">The name of the document's collection.</param>
    /// <param name="partition">Its partition.</param>
    /// <param name="id">Its id.</param>
    string? GroupOf(string collection, string partition, string id);

    /// <summary>All groups with their items.</summary>
    IAsyncEnumerable<(string Group, IReadOnlyList<SearchItem> Items)> ScanAsync(CancellationToken cancellationToken);

    /// <summary>The items of a group; none when what it was made of is gone.</summary>
    Task<IReadOnlyList<SearchItem>> ReadAsync(string group, CancellationToken cancellationToken);
}
