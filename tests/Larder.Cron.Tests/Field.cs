using FsCheck;
using FsCheck.Fluent;

namespace Larder.Cron.Tests;

/// <summary>A field of an NCRONTAB expression, made together with the values that it stands for, so that no parser is needed to know them.</summary>
public sealed record Field(string Text, IReadOnlySet<int> Values)
{
    /// <summary>Any field whose legal values are minimum to maximum.</summary>
    public static Gen<Field> Any(int minimum, int maximum)
    {
        var value = Gen.Choose(minimum, maximum);
        var step = Gen.Choose(1, maximum);
        var all = Gen.Constant(Of("*", minimum, maximum, 1));
        var every = step.Select(s => Of($"*/{s}", minimum, maximum, s));
        var one = value.Select(v => Of($"{v}", v, v, 1));
        var from = value.Zip(step, (v, s) => Of($"{v}/{s}", v, maximum, s));
        var range = value.Zip(value, (a, b) => Of($"{Math.Min(a, b)}-{Math.Max(a, b)}", Math.Min(a, b), Math.Max(a, b), 1));
        var rangeEvery = range.Zip(step, (r, s) => Of($"{r.Text}/{s}", r.Values.Min(), r.Values.Max(), s));
        var element = Gen.OneOf(all, every, one, from, range, rangeEvery);
        return Gen.OneOf(element, Gen.Choose(1, 3).SelectMany(n => Gen.OneOf(one, range).ListOf(n)).Select(Join));
    }

    private static Field Of(string text, int first, int last, int step)
    {
        var values = new HashSet<int>();
        for (var value = first; value <= last; value += step)
            values.Add(value);
        return new(text, values);
    }

    private static Field Join(IEnumerable<Field> fields) =>
        new(string.Join(',', fields.Select(field => field.Text)), fields.SelectMany(field => field.Values).ToHashSet());
}
