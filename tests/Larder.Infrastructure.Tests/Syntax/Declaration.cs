namespace Larder.Infrastructure.Tests;

/// <summary>A line at the top of a file, with what it spans.</summary>
/// <param name="At">Where its name is.</param>
/// <param name="Name">What it is called; empty when it has no name.</param>
/// <param name="Value">What it is; null when it is not said.</param>
internal abstract record Declaration(Position At, string Name, Expression? Value)
{
    public IReadOnlyList<CallExpression> Decorators { get; init; } = [];

    public CallExpression? Decorator(string name) => Decorators.FirstOrDefault(decorator => decorator.Function == name);

    /// <summary>Its value and its decorators', with all that they are made of.</summary>
    public IEnumerable<Expression> Expressions() => Decorators.Concat(Value is null ? [] : new[] { Value }).SelectMany(expression => expression.All());
}

internal sealed record ScopeDeclaration(Position At, Expression Scope) : Declaration(At, "", Scope);

internal sealed record MetadataDeclaration(Position At, string Name, Expression Content) : Declaration(At, Name, Content);

/// <param name="Type">As written, without blanks; null for a parameter that a parameters file sets.</param>
internal sealed record ParameterDeclaration(Position At, string Name, string? Type, Expression? Default) : Declaration(At, Name, Default);

internal sealed record VariableDeclaration(Position At, string Name, Expression Content) : Declaration(At, Name, Content);

/// <param name="Type">As <c>Microsoft.Storage/storageAccounts</c>.</param>
/// <param name="Version">As <c>2023-05-01</c>.</param>
internal sealed record ResourceDeclaration(Position At, string Name, string Type, string Version, bool Existing, Expression Body) : Declaration(At, Name, Body);

/// <param name="Path">As written, relative to the file.</param>
internal sealed record ModuleDeclaration(Position At, string Name, string Path, Expression Body) : Declaration(At, Name, Body);

internal sealed record OutputDeclaration(Position At, string Name, string Type, Expression Content) : Declaration(At, Name, Content);

/// <param name="Path">The file whose parameters these are, relative to this one.</param>
internal sealed record UsingDeclaration(Position At, string Path) : Declaration(At, "", null);
