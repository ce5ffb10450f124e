using System.Numerics;

namespace Larder.Cron;

/// <summary>The values of one field that match, a bit each.</summary>
internal readonly record struct CronField(ulong Values)
{
    /// <summary>The smallest value that matches.</summary>
    public int First => BitOperations.TrailingZeroCount(Values);

    /// <summary>True when two neighbouring values match: <c>*</c>, or a range.</summary>
    public bool HasNeighbours => (Values & (Values >> 1)) != 0;

    public bool Contains(int value) => (Values >> value & 1) != 0;

    /// <summary>The smallest value from <paramref name="value"/> on that matches; null when there is none.</summary>
    public int? From(int value)
    {
        var rest = value > 63 ? 0 : Values >> value << value;
        return rest == 0 ? null : BitOperations.TrailingZeroCount(rest);
    }
}
