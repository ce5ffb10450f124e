namespace Larder.Infrastructure.Tests;

/// <summary>A value in the source.</summary>
internal abstract record Expression(Position At)
{
    /// <summary>What it is made of, one level down.</summary>
    public virtual IEnumerable<Expression> Parts => [];

    /// <summary>Itself, and all that it is made of.</summary>
    public IEnumerable<Expression> All() => Parts.SelectMany(part => part.All()).Prepend(this);

    /// <summary>Its text, if it is a string without holes.</summary>
    public string? Text => this is StringExpression { Holes.Count: 0 } text ? text.Texts[0] : null;

    /// <summary>The value of a path of properties, through if, for and objects; null when there is none.</summary>
    public Expression? Find(params ReadOnlySpan<string> path) => this switch
    {
        _ when path.IsEmpty => this,
        IfExpression condition => condition.Body.Find(path),
        ForExpression loop => loop.Body.Find(path),
        ObjectExpression value => FindProperty(value, path[0])?.Find(path[1..]),
        _ => null,
    };

    private static Expression? FindProperty(ObjectExpression value, string name) =>
        value.Properties.FirstOrDefault(property => property.Key.Text == name)?.Value;
}

internal sealed record StringExpression(Position At, IReadOnlyList<string> Texts, IReadOnlyList<Expression> Holes) : Expression(At)
{
    public override IEnumerable<Expression> Parts => Holes;
}

internal sealed record NumberExpression(Position At, long Value) : Expression(At);

internal sealed record BooleanExpression(Position At, bool Value) : Expression(At);

internal sealed record NullExpression(Position At) : Expression(At);

internal sealed record NameExpression(Position At, string Name) : Expression(At);

internal sealed record MemberExpression(Position At, Expression Target, string Member) : Expression(At)
{
    public override IEnumerable<Expression> Parts => [Target];
}

internal sealed record IndexExpression(Position At, Expression Target, Expression Index) : Expression(At)
{
    public override IEnumerable<Expression> Parts => [Target, Index];
}

/// <param name="Target">What it is called on; null for a function of its own.</param>
internal sealed record CallExpression(Position At, Expression? Target, string Function, IReadOnlyList<Expression> Arguments) : Expression(At)
{
    public override IEnumerable<Expression> Parts => Target is null ? Arguments : Arguments.Prepend(Target);
}

internal sealed record UnaryExpression(Position At, string Operator, Expression Operand) : Expression(At)
{
    public override IEnumerable<Expression> Parts => [Operand];
}

internal sealed record BinaryExpression(Position At, string Operator, Expression Left, Expression Right) : Expression(At)
{
    public override IEnumerable<Expression> Parts => [Left, Right];
}

internal sealed record ConditionalExpression(Position At, Expression Condition, Expression WhenTrue, Expression WhenFalse) : Expression(At)
{
    public override IEnumerable<Expression> Parts => [Condition, WhenTrue, WhenFalse];
}

internal sealed record ArrayExpression(Position At, IReadOnlyList<Expression> Items) : Expression(At)
{
    public override IEnumerable<Expression> Parts => Items;
}

internal sealed record ObjectExpression(Position At, IReadOnlyList<PropertyExpression> Properties) : Expression(At)
{
    public override IEnumerable<Expression> Parts => Properties;
}

/// <param name="Key">A string; of a plain name too.</param>
internal sealed record PropertyExpression(Position At, StringExpression Key, Expression Value) : Expression(At)
{
    public override IEnumerable<Expression> Parts => [Key, Value];
}

/// <param name="Index">What the position is called; null when it has no name.</param>
internal sealed record ForExpression(Position At, string Item, string? Index, Expression Source, Expression Body) : Expression(At)
{
    public override IEnumerable<Expression> Parts => [Source, Body];
}

/// <summary><c>if (...) {...}</c>, of a resource or module only.</summary>
internal sealed record IfExpression(Position At, Expression Condition, Expression Body) : Expression(At)
{
    public override IEnumerable<Expression> Parts => [Condition, Body];
}
