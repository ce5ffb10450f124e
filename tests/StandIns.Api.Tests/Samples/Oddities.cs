#pragma warning disable CA1070, CS0067
using System.Diagnostics.CodeAnalysis;

namespace StandIns.Api.Tests.Samples;

/// <summary>What is hard to print.</summary>
public abstract class Oddities<TKey>
    where TKey : class, IComparable<TKey>, new()
{
    protected Oddities(params string?[]? names) => Names = names;

    public event EventHandler<string?>? Changed;

    public string?[]? Names { get; protected set; }

    public required int Size { get; init; }

    public TKey? this[in int index] => default;

    public abstract Task<Dictionary<string, TKey?>?> FindAsync([NotNullWhen(true)] out string? text, ref long count, char letter = 'a');

    public virtual int? Maybe(DateTime time = default, DayOfWeek day = DayOfWeek.Friday) => null;

    public sealed override string ToString() => "";

    public static implicit operator string?(Oddities<TKey> value) => null;

    [Obsolete("for a test")]
    public T Make<T>()
        where T : struct, IConvertible => default;

    private protected void Hidden()
    {
    }

    protected readonly record struct Pair(int Left, TKey Right);
}
