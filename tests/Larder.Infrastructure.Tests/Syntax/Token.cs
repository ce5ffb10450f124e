namespace Larder.Infrastructure.Tests;

internal enum TokenKind
{
    Identifier,
    Number,
    String,
    Symbol,
    NewLine,
    End,
}

/// <summary>A word of the source.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">As written; of a string its text, with <c>{}</c> for each hole.</param>
/// <param name="At">Where it begins.</param>
internal sealed record Token(TokenKind Kind, string Text, Position At)
{
    /// <summary>Of a string: the texts around the holes; one more than there are holes.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];

    /// <summary>Of a string: the tokens in each <c>${}</c>, closed by an end.</summary>
    public IReadOnlyList<IReadOnlyList<Token>> Holes { get; init; } = [];

    public bool Is(string symbol) => Kind == TokenKind.Symbol && Text == symbol;
}
