using System.Globalization;

namespace Larder.Infrastructure.Tests;

/// <summary>Tokens to declarations: the part of Bicep that infra-bicep/ uses. Anything else is an error with line and column.</summary>
internal sealed class Parser
{
    private static readonly string[][] s_operators =
        [["??"], ["||"], ["&&"], ["==", "!=", "=~", "!~"], ["<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"]];

    private readonly IReadOnlyList<Token> _tokens;
    private int _index;

    private Parser(IReadOnlyList<Token> tokens) => _tokens = tokens;

    private Token Current => _tokens[_index];

    /// <exception cref="BicepSyntaxException">The source is not Bicep, or not the part that this parser knows.</exception>
    public static IReadOnlyList<Declaration> Parse(string source)
    {
        var parser = new Parser(Lexer.Read(source));
        var declarations = new List<Declaration>();
        parser.SkipLines();
        while (parser.Current.Kind != TokenKind.End)
        {
            declarations.Add(parser.ReadDeclaration());
            parser.EndLine();
        }
        return declarations;
    }

    private Declaration ReadDeclaration()
    {
        var decorators = new List<CallExpression>();
        while (Take("@"))
        {
            var at = Current.At;
            var name = Identifier();
            if (name == "sys" && Take("."))
                name = Identifier();
            decorators.Add(new(at, null, name, Arguments()));
            EndLine();
        }
        var keyword = Current;
        Declaration declaration = Identifier() switch
        {
            "targetScope" => ReadScope(keyword.At),
            "metadata" => new MetadataDeclaration(Current.At, Identifier(), Assigned()),
            "param" => ReadParameter(),
            "var" => new VariableDeclaration(Current.At, Identifier(), Assigned()),
            "resource" => ReadResource(),
            "module" => ReadModule(),
            "output" => new OutputDeclaration(Current.At, Identifier(), Type(), Assigned()),
            "using" => new UsingDeclaration(Current.At, PlainString("the file that has the parameters")),
            var other => throw new BicepSyntaxException(keyword.At, $"'{other}' begins no declaration that this parser knows"),
        };
        return declaration with { Decorators = decorators };
    }

    private ScopeDeclaration ReadScope(Position at) => new(at, Assigned());

    private ParameterDeclaration ReadParameter()
    {
        var at = Current.At;
        var name = Identifier();
        var type = Current.Is("=") ? null : Type();
        return new(at, name, type, Take("=") ? ReadExpression() : null);
    }

    private ResourceDeclaration ReadResource()
    {
        var at = Current.At;
        var name = Identifier();
        var typeAt = Current.At;
        var type = PlainString("the type of the resource").Split('@');
        if (type is not [{ Length: > 0 } typeName, { Length: > 0 } version])
            throw new BicepSyntaxException(typeAt, "the type of a resource is 'Provider/type@version'");
        var existing = TakeWord("existing");
        return new(at, name, typeName, version, existing, Body());
    }

    private ModuleDeclaration ReadModule() => new(Current.At, Identifier(), PlainString("the path of the module"), Body());

    private string Type()
    {
        var type = "";
        do
        {
            type += Current.Kind switch
            {
                TokenKind.Identifier => Identifier(),
                TokenKind.String => $"'{PlainString("a type")}'",
                _ => throw Unexpected("a type"),
            };
            while (Current.Is("[") || Current.Is("?"))
            {
                type += Next().Text;
                if (type[^1] == '[')
                {
                    Expect("]");
                    type += "]";
                }
            }
        }
        while (Current.Is("|") && (type += Next().Text).Length > 0);
        return type;
    }

    private Expression Assigned()
    {
        Expect("=");
        return ReadExpression();
    }

    /// <summary>Of a resource or module: an object, perhaps with a condition, perhaps in a loop.</summary>
    private Expression Body()
    {
        Expect("=");
        return Current.Is("[") ? Loop(ConditionalObject) : ConditionalObject();
    }

    private Expression ConditionalObject()
    {
        var at = Current.At;
        if (!TakeWord("if"))
            return Object();
        Expect("(");
        var condition = ReadExpression();
        Expect(")");
        return new IfExpression(at, condition, Object());
    }

    private ForExpression Loop(Func<Expression> body)
    {
        var at = Current.At;
        Expect("[");
        SkipLines();
        if (!TakeWord("for"))
            throw Unexpected("'for'");
        string item;
        string? index = null;
        if (Take("("))
        {
            item = Identifier();
            Expect(",");
            index = Identifier();
            Expect(")");
        }
        else
        {
            item = Identifier();
        }
        if (!TakeWord("in"))
            throw Unexpected("'in'");
        var source = ReadExpression();
        Expect(":");
        var value = body();
        SkipLines();
        Expect("]");
        return new(at, item, index, source, value);
    }

    private Expression ReadExpression()
    {
        var condition = Binary(0);
        if (!TakeOnNextLine("?"))
            return condition;
        SkipLines();
        var whenTrue = ReadExpression();
        if (!TakeOnNextLine(":"))
            throw Unexpected("':'");
        SkipLines();
        return new ConditionalExpression(condition.At, condition, whenTrue, ReadExpression());
    }

    private Expression Binary(int level)
    {
        if (level == s_operators.Length)
            return Unary();
        var left = Binary(level + 1);
        while (Current.Kind == TokenKind.Symbol && s_operators[level].Contains(Current.Text))
        {
            var symbol = Next().Text;
            left = new BinaryExpression(left.At, symbol, left, Binary(level + 1));
        }
        return left;
    }

    private Expression Unary()
    {
        var at = Current.At;
        return Current.Is("!") || Current.Is("-") ? new UnaryExpression(at, Next().Text, Unary()) : Postfix();
    }

    private Expression Postfix()
    {
        var value = Primary();
        while (true)
        {
            var at = Current.At;
            if (Take("!"))
                continue;
            if (Take(".") || Take(".?") || Take("::"))
            {
                var member = Identifier();
                value = Current.Is("(") ? new CallExpression(at, value, member, Arguments()) : new MemberExpression(at, value, member);
            }
            else if (Take("[") || Take("[?"))
            {
                value = new IndexExpression(at, value, ReadExpression());
                Expect("]");
            }
            else
            {
                return value;
            }
        }
    }

    private Expression Primary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TokenKind.String:
                return String(Next());
            case TokenKind.Number:
                return long.TryParse(Next().Text, CultureInfo.InvariantCulture, out var number)
                    ? new NumberExpression(token.At, number)
                    : throw new BicepSyntaxException(token.At, $"{token.Text} is too large a number");
            case TokenKind.Identifier:
                return Word(Next());
        }
        if (token.Is("{"))
            return Object();
        if (token.Is("["))
            return Array();
        if (!Take("("))
            throw Unexpected("a value");
        SkipLines();
        var inner = ReadExpression();
        SkipLines();
        Expect(")");
        return inner;
    }

    private Expression Word(Token token) => token.Text switch
    {
        "true" or "false" => new BooleanExpression(token.At, token.Text == "true"),
        "null" => new NullExpression(token.At),
        _ when Current.Is("(") => new CallExpression(token.At, null, token.Text, Arguments()),
        _ => new NameExpression(token.At, token.Text),
    };

    private List<Expression> Arguments()
    {
        Expect("(");
        var arguments = new List<Expression>();
        SkipLines();
        while (!Take(")"))
        {
            arguments.Add(ReadExpression());
            SkipLines();
            if (Current.Is(")"))
                continue;
            Expect(",");
            SkipLines();
        }
        return arguments;
    }

    private Expression Array()
    {
        var at = Current.At;
        if (IsLoop())
            return Loop(ReadExpression);
        Expect("[");
        return new ArrayExpression(at, Items("]", ReadExpression));
    }

    private bool IsLoop()
    {
        var index = _index + 1;
        while (_tokens[index].Kind == TokenKind.NewLine)
            index++;
        return _tokens[index] is { Kind: TokenKind.Identifier, Text: "for" };
    }

    private ObjectExpression Object()
    {
        var at = Current.At;
        Expect("{");
        var properties = Items("}", Property);
        var twice = properties.GroupBy(property => property.Key.Text).FirstOrDefault(group => group.Key is not null && group.Count() > 1);
        return twice is null ? new(at, properties) : throw new BicepSyntaxException(twice.Last().At, $"the property '{twice.Key}' is there twice");
    }

    private PropertyExpression Property()
    {
        var at = Current.At;
        var key = Current.Kind switch
        {
            TokenKind.String => String(Next()),
            TokenKind.Identifier => new StringExpression(at, [Identifier()], []),
            _ => throw Unexpected("a property"),
        };
        Expect(":");
        return new(at, key, ReadExpression());
    }

    /// <summary>Items between lines or commas, up to what closes them.</summary>
    private List<T> Items<T>(string closing, Func<T> read)
    {
        var items = new List<T>();
        SkipLines();
        while (!Take(closing))
        {
            items.Add(read());
            if (Current.Is(closing))
                continue;
            if (!Take(",") && Current.Kind != TokenKind.NewLine)
                throw Unexpected($"a comma, the end of the line or '{closing}'");
            SkipLines();
        }
        return items;
    }

    private static StringExpression String(Token token) => new(token.At, token.Texts, [.. token.Holes.Select(Hole)]);

    private static Expression Hole(IReadOnlyList<Token> tokens)
    {
        var parser = new Parser(tokens);
        var value = parser.ReadExpression();
        return parser.Current.Kind == TokenKind.End ? value : throw parser.Unexpected("'}'");
    }

    private string PlainString(string what) =>
        Current is { Kind: TokenKind.String, Holes.Count: 0 } ? Next().Texts[0] : throw Unexpected($"{what}, a string without holes");

    private string Identifier() => Current.Kind == TokenKind.Identifier ? Next().Text : throw Unexpected("a name");

    private Token Next() => _tokens[_index++];

    private bool Take(string symbol)
    {
        if (!Current.Is(symbol))
            return false;
        _index++;
        return true;
    }

    private bool TakeWord(string word)
    {
        if (Current is not { Kind: TokenKind.Identifier } token || token.Text != word)
            return false;
        _index++;
        return true;
    }

    /// <summary>The parts of a conditional may stand on lines of their own.</summary>
    private bool TakeOnNextLine(string symbol)
    {
        var start = _index;
        SkipLines();
        if (Take(symbol))
            return true;
        _index = start;
        return false;
    }

    private void Expect(string symbol)
    {
        if (!Take(symbol))
            throw Unexpected($"'{symbol}'");
    }

    private void EndLine()
    {
        if (Current.Kind is not (TokenKind.NewLine or TokenKind.End))
            throw Unexpected("the end of the line");
        SkipLines();
    }

    private void SkipLines()
    {
        while (Current.Kind == TokenKind.NewLine)
            _index++;
    }

    private BicepSyntaxException Unexpected(string expected)
    {
        var found = Current.Kind is TokenKind.NewLine or TokenKind.End ? Current.Text : $"'{Current.Text}'";
        return new(Current.At, $"expected {expected}, found {found}");
    }
}
