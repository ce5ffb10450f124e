using System.CommandLine;
using Larder.Cli.Running;

namespace Larder.Cli.Output;

/// <summary>Lists that end at a limit.</summary>
internal static class Lists
{
    /// <summary>The option of all lists.</summary>
    public static Option<int> LimitOption() => new("--limit") { Description = "Most rows; 0 for all.", HelpName = "N", DefaultValueFactory = _ => 100 };

    /// <summary>Reads a list up to a limit, and says when there is more.</summary>
    public static async Task<List<T>> TakeAsync<T>(this CommandRun run, IAsyncEnumerable<T> items, int limit)
    {
        if (limit < 0)
            throw new UsageException("--limit must be 0 (for all rows) or more.");
        var taken = new List<T>();
        await foreach (var item in items.WithCancellation(run.Stop))
        {
            if (limit > 0 && taken.Count == limit)
            {
                run.Terminal.Note($"These are the first {limit}; --limit 0 shows all.");
                break;
            }
            taken.Add(item);
        }
        return taken;
    }
}
