using System.Text.RegularExpressions;
using Larder.Registry.Errors;

namespace Larder.Registry.Search;

/// <summary>A field of what is searched: how it is read, compared and ordered.</summary>
/// <typeparam name="T">What is searched.</typeparam>
public abstract class SearchField<T>
{
    /// <summary>What it is, for messages: <c>metric</c>, <c>attributes</c>.</summary>
    public required string What { get; init; }

    internal bool CanOrder => this is not TextsField<T>;

    internal abstract Func<T, bool> Compile(ComparisonNode comparison);

    internal virtual SortKey KeyOf(T item) => throw new InvalidOperationException($"{What} cannot be ordered.");

    internal InvalidRequestException Refuse(ComparisonNode comparison, string takes) =>
        SearchSyntax.Wrong(comparison.Position, $"Invalid comparator for {What} '{comparison.Name.Key}': it takes {takes}");
}

/// <summary>A number; null where an item has none.</summary>
/// <param name="read">Reads it.</param>
/// <typeparam name="T">What is searched.</typeparam>
public sealed class NumberField<T>(Func<T, double?> read) : SearchField<T>
{
    internal override Func<T, bool> Compile(ComparisonNode comparison)
    {
        if (comparison.Operator == Operator.IsNull)
            return comparison.IsNegated ? item => read(item) is not null : item => read(item) is null;
        foreach (var value in comparison.Values)
        {
            if (value.Number is null)
                throw SearchSyntax.Wrong(value.Position, $"Expected numeric value type for {What} '{comparison.Name.Key}'. Found '{value.Text}'");
        }
        var number = comparison.Values[0].Number!.Value;
        // A comparison with nothing is null for C#, and then no comparison holds, as in SQL; of NaN, != alone would.
        return comparison.Operator switch
        {
            Operator.Equal => item => read(item) == number,
            Operator.NotEqual => item => read(item) is { } own && own != number && !double.IsNaN(own),
            Operator.Less => item => read(item) < number,
            Operator.LessOrEqual => item => read(item) <= number,
            Operator.Greater => item => read(item) > number,
            Operator.GreaterOrEqual => item => read(item) >= number,
            Operator.In when comparison.Values.Select(value => value.Number!.Value).ToHashSet() is var numbers =>
                item => read(item) is { } own && numbers.Contains(own) != comparison.IsNegated,
            _ => throw Refuse(comparison, "=, !=, <, <=, >, >=, IN, NOT IN, IS NULL"),
        };
    }

    internal override SortKey KeyOf(T item) => SortKey.Of(read(item));
}

/// <summary>A text; null where an item has none. Texts are compared by their characters, with case.</summary>
/// <param name="read">Reads it.</param>
/// <typeparam name="T">What is searched.</typeparam>
public sealed class TextField<T>(Func<T, string?> read) : SearchField<T>
{
    internal override Func<T, bool> Compile(ComparisonNode comparison)
    {
        if (comparison.Operator == Operator.IsNull)
            return comparison.IsNegated ? item => read(item) is not null : item => read(item) is null;
        var fits = TextTest.Of(this, comparison);
        return item => read(item) is { } own && fits(own);
    }

    internal override SortKey KeyOf(T item) => SortKey.Of(read(item));
}

/// <summary>Texts, of which one must fit.</summary>
/// <param name="read">Reads them.</param>
/// <typeparam name="T">What is searched.</typeparam>
public sealed class TextsField<T>(Func<T, IEnumerable<string>> read) : SearchField<T>
{
    internal override Func<T, bool> Compile(ComparisonNode comparison)
    {
        if (comparison.Operator == Operator.IsNull)
            return item => read(item).Any() == comparison.IsNegated;
        var fits = TextTest.Of(this, comparison);
        return item => read(item).Any(fits);
    }
}

/// <summary>The comparisons of texts.</summary>
internal static class TextTest
{
    public static Func<string, bool> Of<T>(SearchField<T> field, ComparisonNode comparison)
    {
        foreach (var value in comparison.Values)
        {
            if (value.Number is not null)
                throw SearchSyntax.Wrong(value.Position, $"Expected a quoted string value for {field.What} '{comparison.Name.Key}' (e.g. 'my-value'). Got value {value.Text}");
        }
        var text = comparison.Values[0].Text;
        return comparison.Operator switch
        {
            Operator.Equal => own => own == text,
            Operator.NotEqual => own => own != text,
            Operator.Like => Like(text, RegexOptions.None, comparison.IsNegated),
            Operator.ILike => Like(text, RegexOptions.IgnoreCase, comparison.IsNegated),
            Operator.In when comparison.Values.Select(value => value.Text).ToHashSet(StringComparer.Ordinal) is var texts => own => texts.Contains(own) != comparison.IsNegated,
            _ => throw field.Refuse(comparison, "=, !=, LIKE, ILIKE, IN, NOT IN, IS NULL"),
        };
    }

    // % is any characters, _ is one. The pattern is a caller's: without backtracking, its time grows with the text only.
    private static Func<string, bool> Like(string pattern, RegexOptions options, bool isNegated)
    {
        var regex = new Regex(
            $@"\A{Regex.Escape(pattern).Replace("%", ".*", StringComparison.Ordinal).Replace("_", ".", StringComparison.Ordinal)}\z",
            options | RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);
        return own => regex.IsMatch(own) != isNegated;
    }
}
