using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Registry.Errors;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Search;

/// <summary>What can be searched for in a kind of item, and its natural order.</summary>
/// <typeparam name="T">What is searched.</typeparam>
public abstract class SearchSchema<T>
{
    /// <summary>The order behind the one that is asked for, as <c>start_time DESC</c>.</summary>
    public abstract IReadOnlyList<string> NaturalOrder { get; }

    /// <summary>The field of a name.</summary>
    /// <param name="entity">What stands before the first dot; null for a bare key.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="InvalidRequestException">There is no such field.</exception>
    public abstract SearchField<T> Field(string? entity, string key);

    /// <summary>What tells an item from all others: the last key of every order.</summary>
    public abstract string IdOf(T item);
}

/// <summary>
/// A search: a filter and an order, compiled once. A page begins behind the last item of the page before, by the values that this was ordered by, and not at
/// a number of items: whatever is written meanwhile, an item whose values of the order stay as they are comes exactly once.
/// </summary>
/// <typeparam name="T">What is searched.</typeparam>
public sealed class SearchQuery<T>
{
    private const string Kind = "search:";

    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly SearchSchema<T> _schema;
    private readonly FilterNode? _node;
    private readonly Func<T, bool>? _filter;
    private readonly (SearchField<T> Field, bool IsDescending)[] _order;

    // A token belongs to the search that gave it.
    private readonly string _fingerprint;

    /// <summary>Compiles a search.</summary>
    /// <param name="schema">What can be searched for.</param>
    /// <param name="filter">The filter; null or empty for everything.</param>
    /// <param name="orderBy">The parts of the order, the most important first.</param>
    /// <exception cref="InvalidRequestException">Filter or order is not valid; the message has the position.</exception>
    public SearchQuery(SearchSchema<T> schema, string? filter, IReadOnlyList<string> orderBy)
    {
        _schema = schema;
        _node = SearchSyntax.ParseFilter(filter);
        _filter = _node is null ? null : Compile(_node);
        _order = [.. orderBy.Concat(schema.NaturalOrder).Select(SearchSyntax.ParseOrder).Select(part => (Ordered(part.Name), part.IsDescending))];
        _fingerprint = TextHash.Of(JsonSerializer.Serialize<string[]>([filter?.Trim() ?? "", .. orderBy]))[..16];
    }

    /// <summary>The text that every item which fits has in a field, where the filter is or begins with such a comparison (<c>key = 'text' AND ...</c>); else null.</summary>
    /// <param name="key">The bare key.</param>
    public string? Required(string key) => (_node is AllNode all ? all.Parts : [_node!]).OfType<ComparisonNode>()
        .FirstOrDefault(part => part is { Operator: Operator.Equal, Name.Entity: null } && part.Name.Key == key)?.Values[0].Text;

    /// <summary>Whether an item fits the filter.</summary>
    public bool Fits(T item) => _filter?.Invoke(item) != false;

    /// <summary>A page of those items that fit, in order.</summary>
    /// <param name="items">All items.</param>
    /// <param name="limit">The most items of the page, at least 1.</param>
    /// <param name="token">From the page before; null for the first page.</param>
    /// <exception cref="InvalidRequestException">The token is none that an earlier page of this search gave.</exception>
    public Page<T> Page(IEnumerable<T> items, int limit, string? token)
    {
        var after = token is null ? null : Read(token);
        var found = new List<Row>();
        foreach (var item in items)
        {
            if (_filter is not null && !_filter(item))
                continue;
            var row = RowOf(item);
            if (after is null || Compare(after, row) < 0)
                found.Add(row);
        }
        found.Sort(Compare);
        var page = found.Take(limit).ToList();
        return new Page<T>([.. page.Select(row => row.Item!)], found.Count > page.Count ? Write(page[^1]) : null);
    }

    private Func<T, bool> Compile(FilterNode node)
    {
        switch (node)
        {
            case AllNode all:
                var every = all.Parts.Select(Compile).ToArray();
                return item => Array.TrueForAll(every, part => part(item));
            case AnyNode any:
                var either = any.Parts.Select(Compile).ToArray();
                return item => Array.Exists(either, part => part(item));
            case NotNode not:
                var negated = Compile(not.Part);
                return item => !negated(item);
            default:
                var comparison = (ComparisonNode)node;
                return Found(comparison.Name).Compile(comparison);
        }
    }

    private SearchField<T> Ordered(SearchName name) => Found(name) is { CanOrder: true } field
        ? field
        : throw SearchSyntax.Wrong(name.Position, $"Invalid order_by key '{name.Key}': items can have several values of it");

    private SearchField<T> Found(SearchName name)
    {
        try
        {
            return _schema.Field(name.Entity, name.Key);
        }
        catch (InvalidRequestException e)
        {
            throw SearchSyntax.Wrong(name.Position, e.Message);
        }
    }

    private Row RowOf(T item)
    {
        var keys = new SortKey[_order.Length];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = _order[i].Field.KeyOf(item);
        return new Row(item, keys, _schema.IdOf(item));
    }

    private int Compare(Row x, Row y)
    {
        for (var i = 0; i < _order.Length; i++)
        {
            if (SortKey.Compare(x.Keys[i], y.Keys[i], _order[i].IsDescending) is not 0 and var order)
                return order;
        }
        return string.CompareOrdinal(x.Id, y.Id);
    }

    private string Write(Row last) => Cursors.Write(Kind, JsonSerializer.Serialize(new Position(_fingerprint, last.Keys, last.Id), Json));

    private Row Read(string token)
    {
        Position? position = null;
        Cursors.Read(Kind, token, text =>
        {
            try
            {
                position = JsonSerializer.Deserialize<Position>(text, Json);
            }
            catch (JsonException)
            {
                return false;
            }
            // As RowOf makes keys: else they could not be compared.
            return position is { Search: { } search, Id: not null, Keys: { } keys } && search == _fingerprint && keys.Length == _order.Length
                && keys.Zip(_order).All(pair => pair.First.Rank != 0 || (pair.First.Text is not null) == pair.Second.Field is TextField<T>);
        });
        return new Row(default, position!.Keys, position.Id);
    }

    private sealed record Row(T? Item, SortKey[] Keys, string Id);

    private sealed record Position(string Search, SortKey[] Keys, string Id);
}
