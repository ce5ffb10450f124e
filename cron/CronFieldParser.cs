using System.Globalization;

namespace Larder.Cron;

/// <summary>
/// Reads one field: a list of elements, each <c>*</c>, a value or a range <c>a-b</c>, each with an optional step <c>/n</c>;
/// <c>a/n</c> is <c>a-maximum/n</c>. What a field may hold follows NCrontab (https://github.com/atifaziz/NCrontab), which the real
/// host uses, except that NCrontab turns a range that goes down (<c>Fri-Mon</c>) around and takes a step of zero for one: both are
/// refused here, since neither is what its author meant.
/// </summary>
internal static class CronFieldParser
{
    // "Jan" but not "J": shorter ones would be guesses.
    private const int ShortestName = 3;

    /// <exception cref="FormatException">The text is no such field: a sentence that names the field and what it takes.</exception>
    public static CronField Parse(CronFieldKind kind, string text)
    {
        ulong values = 0;
        foreach (var element in text.Split(','))
            values |= ParseElement(kind, text, element);
        if (kind == CronFieldKind.DayOfWeek && (values & 1 << 7) != 0)
            values = (values | 1) & ~(1UL << 7);
        return new(values);
    }

    private static ulong ParseElement(CronFieldKind kind, string text, string element)
    {
        var slash = element.IndexOf('/');
        var range = slash < 0 ? element : element[..slash];
        var step = slash < 0 ? 1 : ParseStep(kind, text, element[(slash + 1)..]);

        int first, last;
        var dash = range.IndexOf('-');
        if (range == "*")
        {
            // 7 is a second name of Sunday, not an eighth day for a step to count.
            (first, last) = (kind.Minimum, LastOfAll(kind));
        }
        else if (dash >= 0)
        {
            (first, last) = (ParseValue(kind, text, range[..dash]), ParseValue(kind, text, range[(dash + 1)..]));
            if (first > last)
                throw Error(kind, text, $"the range '{range}' goes down: write it as two, joined by a comma");
        }
        else
        {
            first = ParseValue(kind, text, range);
            last = slash < 0 ? first : Math.Max(first, LastOfAll(kind));
        }

        ulong values = 0;
        for (long value = first; value <= last; value += step)
            values |= 1UL << (int)value;
        return values;
    }

    private static int LastOfAll(CronFieldKind kind) => kind == CronFieldKind.DayOfWeek ? 6 : kind.Maximum;

    private static int ParseStep(CronFieldKind kind, string text, string step) =>
        int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1
            ? number
            : throw Error(kind, text, $"the step '{step}' must be a number from 1 on");

    private static int ParseValue(CronFieldKind kind, string text, string value)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number >= kind.Minimum && number <= kind.Maximum
                ? number
                : throw Error(kind, text, $"{value} is outside {kind.Minimum} to {kind.Maximum}");
        }

        if (value.Length >= ShortestName)
        {
            var index = Array.FindIndex(kind.ValueNames, name => name.StartsWith(value, StringComparison.OrdinalIgnoreCase));
            if (index >= 0)
                return kind.Minimum + index;
        }

        throw Error(kind, text, value.Length == 0 ? "a value is missing" : $"'{value}' is not a value of it");
    }

    private static FormatException Error(CronFieldKind kind, string text, string why) => new(
        $"the {kind.Name} field is '{text}', but {why}. It takes * for all, {kind.Allowed}, ranges such as 1-5, steps such as */2, and lists of these with commas");
}
