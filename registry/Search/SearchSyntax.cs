using System.Globalization;
using System.Text.RegularExpressions;
using Larder.Registry.Errors;
using Larder.Registry.Text;
using Superpower;
using Superpower.Display;
using Superpower.Model;
using Superpower.Parsers;

namespace Larder.Registry.Search;

/// <summary>A comparison operator of a filter.</summary>
internal enum Operator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    ILike,
    In,
    IsNull,
}

/// <summary>What a filter or an order names: <c>metrics.loss</c> is the key <c>loss</c> of the entity <c>metrics</c>; a bare key has no entity.</summary>
/// <param name="Entity">The entity; null for a bare key.</param>
/// <param name="Key">The key, without quotes.</param>
/// <param name="Position">Where it stands, from 1 on.</param>
internal sealed record SearchName(string? Entity, string Key, int Position);

/// <summary>A value of a filter.</summary>
/// <param name="Text">A string without its quotes, or a number as it is written.</param>
/// <param name="Number">The number; null for a string.</param>
/// <param name="Position">Where it stands, from 1 on.</param>
internal sealed record SearchValue(string Text, double? Number, int Position);

/// <summary>A filter as it was parsed.</summary>
internal abstract record FilterNode;

/// <summary>Fits what every part fits.</summary>
internal sealed record AllNode(IReadOnlyList<FilterNode> Parts) : FilterNode;

/// <summary>Fits what any part fits.</summary>
internal sealed record AnyNode(IReadOnlyList<FilterNode> Parts) : FilterNode;

/// <summary>Fits what the part does not fit.</summary>
internal sealed record NotNode(FilterNode Part) : FilterNode;

/// <summary>Compares a field with values.</summary>
/// <param name="Name">The field.</param>
/// <param name="Operator">The operator.</param>
/// <param name="IsNegated">Whether <c>NOT</c> stands before the operator, or behind <c>IS</c>.</param>
/// <param name="Values">One value; several for <see cref="Operator.In"/>, none for <see cref="Operator.IsNull"/>.</param>
/// <param name="Position">Where the operator stands, from 1 on.</param>
internal sealed record ComparisonNode(SearchName Name, Operator Operator, bool IsNegated, IReadOnlyList<SearchValue> Values, int Position) : FilterNode;

/// <summary>A part of an order.</summary>
internal sealed record OrderNode(SearchName Name, bool IsDescending);

/// <summary>
/// The grammar of filters and orders: MLflow's (comparisons joined by <c>AND</c>), and beyond it <c>OR</c>, <c>NOT</c>, parentheses, <c>IN</c> for all texts,
/// <c>IS NULL</c>. Keywords are of any case.
/// </summary>
internal static partial class SearchSyntax
{
    /// <summary>The most characters of a filter or of an order.</summary>
    public const int MaxLength = 20_000;

    // The parser calls itself for each pair of parentheses.
    private const int MaxDepth = 50;

    private static readonly Dictionary<string, Lex> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["AND"] = Lex.And, ["OR"] = Lex.Or, ["NOT"] = Lex.Not, ["IN"] = Lex.In, ["LIKE"] = Lex.Like, ["ILIKE"] = Lex.ILike,
        ["IS"] = Lex.Is, ["NULL"] = Lex.Null, ["ASC"] = Lex.Asc, ["DESC"] = Lex.Desc,
    };

    private static readonly Dictionary<string, Operator> Symbols = new()
    {
        ["="] = Operator.Equal, ["=="] = Operator.Equal, ["!="] = Operator.NotEqual, ["<>"] = Operator.NotEqual,
        ["<"] = Operator.Less, ["<="] = Operator.LessOrEqual, [">"] = Operator.Greater, [">="] = Operator.GreaterOrEqual,
    };

    // A double-quoted text is a key where a key is expected, and a value elsewhere.
    private static readonly TokenListParser<Lex, SearchName> Name =
        Token.EqualTo(Lex.Name).Select(NameOf)
            .Or(Token.EqualTo(Lex.DoubleQuoted).Select(token => new SearchName(null, Inner(token), PositionOf(token))))
            .Named("a field");

    private static readonly TokenListParser<Lex, SearchValue> Value =
        Token.EqualTo(Lex.Number).Select(NumberOf)
            .Or(Token.EqualTo(Lex.SingleQuoted).Or(Token.EqualTo(Lex.DoubleQuoted)).Select(TextOf))
            .Named("a number or a quoted string");

    private static readonly TokenListParser<Lex, IReadOnlyList<SearchValue>> Values =
        from open in Token.EqualTo(Lex.Open)
        from values in Value.AtLeastOnceDelimitedBy(Token.EqualTo(Lex.Comma))
        from close in Token.EqualTo(Lex.Close)
        select (IReadOnlyList<SearchValue>)values;

    private static readonly TokenListParser<Lex, Func<SearchName, FilterNode>> Symbol =
        from symbol in Token.EqualTo(Lex.Symbol)
        from value in Value
        select Comparison(symbol, Symbols[symbol.ToStringValue()], false, [value]);

    private static readonly TokenListParser<Lex, Func<SearchName, FilterNode>> IsNull =
        from position in Token.EqualTo(Lex.Is)
        from not in Token.EqualTo(Lex.Not).OptionalOrDefault()
        from literal in Token.EqualTo(Lex.Null)
        select Comparison(position, Operator.IsNull, not.HasValue, []);

    private static readonly TokenListParser<Lex, Func<SearchName, FilterNode>> LikeOrIn =
        from not in Token.EqualTo(Lex.Not).OptionalOrDefault()
        from comparison in Like(Lex.Like, Operator.Like, not.HasValue).Or(Like(Lex.ILike, Operator.ILike, not.HasValue)).Or(
            from position in Token.EqualTo(Lex.In)
            from values in Values
            select Comparison(position, Operator.In, not.HasValue, values))
        select comparison;

    private static readonly TokenListParser<Lex, FilterNode> Comparisons =
        from name in Name
        from comparison in Symbol.Or(IsNull).Or(LikeOrIn).Named("a comparison operator")
        select comparison(name);

    private static readonly TokenListParser<Lex, FilterNode> Group =
        from open in Token.EqualTo(Lex.Open)
        from inner in Parse.Ref(() => Either!)
        from close in Token.EqualTo(Lex.Close)
        select inner;

    private static readonly TokenListParser<Lex, FilterNode> Negated =
        from nots in Token.EqualTo(Lex.Not).Many()
        from part in Group.Or(Comparisons)
        select nots.Length % 2 == 0 ? part : new NotNode(part);

    private static readonly TokenListParser<Lex, FilterNode> Both =
        Negated.AtLeastOnceDelimitedBy(Token.EqualTo(Lex.And)).Select(FilterNode (parts) => parts is [var one] ? one : new AllNode(parts));

    private static readonly TokenListParser<Lex, FilterNode> Either =
        Both.AtLeastOnceDelimitedBy(Token.EqualTo(Lex.Or)).Select(FilterNode (parts) => parts is [var one] ? one : new AnyNode(parts));

    private static readonly TokenListParser<Lex, OrderNode> Order =
        from name in Name
        from direction in Token.EqualTo(Lex.Asc).Or(Token.EqualTo(Lex.Desc)).OptionalOrDefault()
        select new OrderNode(name, direction.HasValue && direction.Kind == Lex.Desc);

    private enum Lex
    {
        [Token(Category = "field")]
        Name,

        [Token(Category = "number")]
        Number,

        [Token(Description = "string")]
        SingleQuoted,

        [Token(Description = "string")]
        DoubleQuoted,

        [Token(Category = "operator")]
        Symbol,

        [Token(Example = "(")]
        Open,

        [Token(Example = ")")]
        Close,

        [Token(Example = ",")]
        Comma,
        And,
        Or,
        Not,
        In,
        Like,
        ILike,
        Is,
        Null,
        Asc,
        Desc,
    }

    /// <summary>Parses a filter; null when it is empty.</summary>
    /// <exception cref="InvalidRequestException">It is not valid; the message has the position.</exception>
    public static FilterNode? ParseFilter(string? filter) => string.IsNullOrWhiteSpace(filter) ? null : ParseText("filter", filter, Either);

    /// <summary>Parses a part of an order: a field, then <c>ASC</c> or <c>DESC</c> or neither.</summary>
    /// <inheritdoc cref="ParseFilter"/>
    public static OrderNode ParseOrder(string order) => ParseText("order_by", order, Order);

    /// <summary>What is wrong with a filter or an order.</summary>
    public static InvalidRequestException Wrong(int position, string sentence) => new($"{sentence} (at character {position})");

    private static T ParseText<T>(string what, string text, TokenListParser<Lex, T> parser)
    {
        if (text.Length > MaxLength)
            throw new InvalidRequestException($"The {what} has {text.Length} characters; it can have at most {MaxLength}.");
        var tokens = new TokenList<Lex>([.. Tokens(what, text)]);
        var result = parser.AtEnd().TryParse(tokens);
        if (result.HasValue)
            return result.Value;
        var position = result.ErrorPosition.HasValue ? result.ErrorPosition.Absolute + 1 : text.Length + 1;
        throw Wrong(position, $"Invalid {what} {Quoted.Text(text)}: {result.FormatErrorMessageFragment()}");
    }

    private static IEnumerable<Token<Lex>> Tokens(string what, string text)
    {
        var (position, depth) = (0, 0);
        while (true)
        {
            while (position < text.Length && char.IsWhiteSpace(text[position]))
                position++;
            if (position == text.Length)
                yield break;
            if (Lexeme().Match(text, position) is not { Success: true } match)
            {
                throw Wrong(position + 1, text[position] is '\'' or '"' or '`'
                    ? $"Invalid {what} {Quoted.Text(text)}: a quote is not closed"
                    : $"Invalid {what} {Quoted.Text(text)}: the character {Quoted.Text($"{text[position]}")} is not expected");
            }
            var kind = KindOf(match);
            depth += kind switch { Lex.Open => 1, Lex.Close => -1, _ => 0 };
            if (depth > MaxDepth)
                throw Wrong(position + 1, $"Invalid {what}: it has more than {MaxDepth} parentheses in each other");
            yield return new Token<Lex>(kind, new TextSpan(text, new Position(position, 1, position + 1), match.Length));
            position += match.Length;
        }
    }

    private static Lex KindOf(Match match)
    {
        if (match.Groups["number"].Success)
            return Lex.Number;
        if (match.Groups["name"].Success)
            return Keywords.GetValueOrDefault(match.Value, Lex.Name);
        return match.Value[0] switch
        {
            '(' => Lex.Open,
            ')' => Lex.Close,
            ',' => Lex.Comma,
            '\'' => Lex.SingleQuoted,
            '"' => Lex.DoubleQuoted,
            _ => Lex.Symbol,
        };
    }

    // Entities and keys are joined by the first dot; a key with other characters is quoted. A quote within a string is written twice.
    [GeneratedRegex("""
        \G(?:
          (?<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
        | (?<name>(?:[\p{L}\p{N}_][\w\-/]*|`[^`]+`)(?:\.[\w\-/]+)*(?:\.(?:`[^`]+`|"[^"]+"))?)
        | '(?:[^']|'')*' | "(?:[^"]|"")*"
        | [<>!=]= | <> | [<>=] | [(),]
        )
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Lexeme();

    private static TokenListParser<Lex, Func<SearchName, FilterNode>> Like(Lex token, Operator like, bool isNegated) =>
        from position in Token.EqualTo(token)
        from value in Value
        select Comparison(position, like, isNegated, [value]);

    private static Func<SearchName, FilterNode> Comparison(Token<Lex> token, Operator comparison, bool isNegated, IReadOnlyList<SearchValue> values) =>
        name => new ComparisonNode(name, comparison, isNegated, values, PositionOf(token));

    private static SearchName NameOf(Token<Lex> token)
    {
        var text = token.ToStringValue();
        var dot = text[0] == '`' ? text.IndexOf('.', text.IndexOf('`', 1)) : text.IndexOf('.');
        return dot < 0
            ? new SearchName(null, Unquoted(text), PositionOf(token))
            : new SearchName(Unquoted(text[..dot]), Unquoted(text[(dot + 1)..]), PositionOf(token));
    }

    private static string Unquoted(string key) => key[0] is '`' or '"' && key[^1] == key[0] ? key[1..^1] : key;

    private static SearchValue NumberOf(Token<Lex> token) =>
        new(token.ToStringValue(), double.Parse(token.ToStringValue(), CultureInfo.InvariantCulture), PositionOf(token));

    private static SearchValue TextOf(Token<Lex> token) => new(Inner(token), null, PositionOf(token));

    private static string Inner(Token<Lex> token)
    {
        var text = token.ToStringValue();
        var quote = text[..1];
        return text[1..^1].Replace(quote + quote, quote, StringComparison.Ordinal);
    }

    private static int PositionOf(Token<Lex> token) => token.Position.Absolute + 1;
}
