using System.Globalization;
using System.Text;

namespace Larder.Infrastructure.Tests;

/// <summary>Source to tokens. Comments vanish, line ends stay: Bicep separates by them.</summary>
internal sealed class Lexer(string source)
{
    private static readonly string[] s_symbols =
    [
        "??", "=>", "==", "!=", "=~", "!~", "<=", ">=", "&&", "||", ".?", "[?", "::",
        "{", "}", "[", "]", "(", ")", ".", ",", ":", "?", "=", "+", "-", "*", "/", "%", "<", ">", "!", "@", "|",
    ];

    private int _index;
    private int _line = 1;
    private int _lineStart;

    public static IReadOnlyList<Token> Read(string source) => new Lexer(source).ReadUntil(closing: false);

    private Position Here => new(_line, _index - _lineStart + 1);

    private char Current => _index < source.Length ? source[_index] : '\0';

    private List<Token> ReadUntil(bool closing)
    {
        var tokens = new List<Token>();
        var depth = 0;
        while (true)
        {
            SkipBlanks();
            var at = Here;
            if (_index == source.Length)
            {
                if (closing)
                    throw new BicepSyntaxException(at, "the file ends inside ${...}");
                tokens.Add(new(TokenKind.End, "the end of the file", at));
                return tokens;
            }
            if (closing && Current == '}' && depth == 0)
            {
                _index++;
                tokens.Add(new(TokenKind.End, "the end of ${...}", at));
                return tokens;
            }
            var token = ReadToken(at);
            depth += token.Is("{") ? 1 : token.Is("}") ? -1 : 0;
            tokens.Add(token);
        }
    }

    private Token ReadToken(Position at)
    {
        if (Current is '\r' or '\n')
        {
            NextLine();
            return new(TokenKind.NewLine, "the end of the line", at);
        }
        if (source.AsSpan(_index).StartsWith("'''"))
            return ReadBlock(at);
        if (Current == '\'')
            return ReadString(at);
        if (char.IsAsciiLetter(Current) || Current == '_')
            return new(TokenKind.Identifier, ReadWhile(c => char.IsAsciiLetterOrDigit(c) || c == '_'), at);
        if (char.IsAsciiDigit(Current))
        {
            var number = new Token(TokenKind.Number, ReadWhile(char.IsAsciiDigit), at);
            return char.IsAsciiLetter(Current) || Current == '_'
                ? throw new BicepSyntaxException(Here, $"'{Current}' inside a number")
                : number;
        }
        foreach (var symbol in s_symbols)
        {
            if (source.AsSpan(_index).StartsWith(symbol))
            {
                _index += symbol.Length;
                return new(TokenKind.Symbol, symbol, at);
            }
        }
        throw new BicepSyntaxException(at, $"'{Current}' is no word of Bicep that this parser knows");
    }

    private void SkipBlanks()
    {
        while (true)
        {
            var rest = source.AsSpan(_index);
            if (Current is ' ' or '\t')
            {
                _index++;
            }
            else if (rest.StartsWith("//"))
            {
                ReadWhile(c => c is not ('\r' or '\n'));
            }
            else if (rest.StartsWith("/*"))
            {
                var at = Here;
                while (!source.AsSpan(_index).StartsWith("*/"))
                {
                    if (_index == source.Length)
                        throw new BicepSyntaxException(at, "this comment does not end");
                    Advance();
                }
                _index += 2;
            }
            else
            {
                return;
            }
        }
    }

    private Token ReadBlock(Position at)
    {
        _index += 3;
        // A line end right after the quotes is not part of the text.
        if (Current is '\r' or '\n')
            NextLine();
        var start = _index;
        while (!source.AsSpan(_index).StartsWith("'''"))
        {
            if (_index == source.Length)
                throw new BicepSyntaxException(at, "this string does not end");
            Advance();
        }
        var text = source[start.._index];
        _index += 3;
        return new(TokenKind.String, text, at) { Texts = [text] };
    }

    private Token ReadString(Position at)
    {
        _index++;
        var texts = new List<string>();
        var holes = new List<IReadOnlyList<Token>>();
        var text = new StringBuilder();
        while (true)
        {
            switch (Current)
            {
                case '\0' or '\r' or '\n':
                    throw new BicepSyntaxException(at, "this string does not end on its line");
                case '\'':
                    _index++;
                    texts.Add(text.ToString());
                    return new(TokenKind.String, string.Join("{}", texts), at) { Texts = texts, Holes = holes };
                case '\\':
                    text.Append(ReadEscape());
                    break;
                case '$' when _index + 1 < source.Length && source[_index + 1] == '{':
                    _index += 2;
                    texts.Add(text.ToString());
                    text.Clear();
                    holes.Add(ReadUntil(closing: true));
                    break;
                default:
                    text.Append(Current);
                    _index++;
                    break;
            }
        }
    }

    private string ReadEscape()
    {
        var at = Here;
        _index++;
        var escape = Current;
        _index++;
        if (escape != 'u')
        {
            return escape switch
            {
                'n' => "\n",
                'r' => "\r",
                't' => "\t",
                '\\' or '\'' or '$' => escape.ToString(),
                _ => throw new BicepSyntaxException(at, $"'\\{escape}' is no escape"),
            };
        }
        if (Current != '{')
            throw new BicepSyntaxException(at, "\\u must be followed by {hexadecimal digits}");
        _index++;
        var digits = ReadWhile(char.IsAsciiHexDigit);
        if (Current != '}' || !int.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code) || !Rune.IsValid(code))
            throw new BicepSyntaxException(at, "\\u must be followed by {hexadecimal digits} of a character");
        _index++;
        return new Rune(code).ToString();
    }

    private string ReadWhile(Func<char, bool> belongs)
    {
        var start = _index;
        while (_index < source.Length && belongs(source[_index]))
            _index++;
        return source[start.._index];
    }

    private void Advance()
    {
        if (Current is '\r' or '\n')
            NextLine();
        else
            _index++;
    }

    private void NextLine()
    {
        _index += source.AsSpan(_index).StartsWith("\r\n") ? 2 : 1;
        _line++;
        _lineStart = _index;
    }
}
