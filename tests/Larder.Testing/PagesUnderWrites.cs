namespace Larder.Testing;

/// <summary>Reads a list page by page while a writer changes it: what was there all the time comes once, and nothing comes twice.</summary>
public static class PagesUnderWrites
{
    private const int Rounds = 5;

    /// <summary>Reads the list several times, each time to its end, while a writer goes on.</summary>
    /// <param name="kept">What is in the list all the time.</param>
    /// <param name="readAsync">Reads the page of a token, null for the first: what it shows, and the token of the next one, if there is one.</param>
    /// <param name="writeAsync">Changes the list for the n-th time.</param>
    /// <exception cref="InvalidOperationException">Something came twice, or did not come.</exception>
    public static async Task HaveAllOnceAsync(
        IReadOnlyCollection<string> kept, Func<string?, Task<(IEnumerable<string> Shown, string? Next)>> readAsync, Func<int, Task> writeAsync)
    {
        using var stop = new CancellationTokenSource();
        var writes = 0;
        var writer = Task.Run(async () =>
        {
            for (; !stop.IsCancellationRequested; writes++)
                await writeAsync(writes);
        });

        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                var (seen, token) = (new List<string>(), (string?)null);
                do
                {
                    (var shown, token) = await readAsync(token);
                    seen.AddRange(shown);
                }
                while (token is not null);
                if (seen.Count != seen.Distinct().Count() || kept.Except(seen).Any())
                    throw new InvalidOperationException($"In round {round} came twice: {string.Join(", ", seen.CountBy(one => one).Where(one => one.Value > 1).Select(one => one.Key))}. Did not come: {string.Join(", ", kept.Except(seen))}.");
                // Each round has other writes.
                var before = writes;
                await Eventually.TrueAsync(() => Task.FromResult(writes > before || writer.IsCompleted));
            }
        }
        finally
        {
            await stop.CancelAsync();
        }

        await writer;
    }
}
