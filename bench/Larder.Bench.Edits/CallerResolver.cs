using System.Diagnostics;

namespace Larder.Bench.Edits;

/// <summary>Callers who do the same again and again for some seconds, all at once.</summary>
internal static class CallerResolver
{
    /// <summary>How often they did.</summary>
    /// <param name="PerSecond">All of them together.</param>
    /// <param name="Least">The one who did least often.</param>
    /// <param name="Most">The one who did most often.</param>
    /// <param name="Others">The one who did something else; not in the other figures but the first.</param>
    public sealed record Result(double PerSecond, int Least, int Most, int Others);

    public static async Task<Result> RunAsync(int callers, double seconds, Func<int, Task> act, Func<Task>? other = null)
    {
        var start = Stopwatch.GetTimestamp();
        var others = other is null ? Task.FromResult(0) : CountAsync(other);
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => CountAsync(() => act(caller))));
        var all = counts.Sum() + await others;
        return new Result(all / Stopwatch.GetElapsedTime(start).TotalSeconds, counts.Min(), counts.Max(), await others);

        Task<int> CountAsync(Func<Task> again) => Task.Run(async () =>
        {
            var count = 0;
            for (; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; count++)
                await again();
            return count;
        });
    }
}
