namespace Larder.Bench.Durable;

/// <summary>What runs orchestrations: this host, or the provider without it. Both are stopped by being killed with their process, or disposed of.</summary>
internal interface IEngine : IAsyncDisposable
{
    /// <summary>Runs an orchestration of some steps to its end.</summary>
    Task<Run> RunAsync(int steps);
}

/// <summary>
/// When an orchestration ran, by its own record in storage. A clock around the call would show how often the caller looks for the end: pauses that grow
/// to a second.
/// </summary>
/// <param name="Created">When the client asked for it (UTC).</param>
/// <param name="Ended">When the worker stored its end (UTC).</param>
internal sealed record Run(DateTime Created, DateTime Ended)
{
    public double Seconds => (Ended - Created).TotalSeconds;

    /// <summary>From the first one's creation to the last one's end.</summary>
    public static Run Spanning(IEnumerable<Run> runs) => runs.Aggregate((one, other) => new Run(
        one.Created < other.Created ? one.Created : other.Created, one.Ended > other.Ended ? one.Ended : other.Ended));
}
