namespace Larder.Bench.Durable;

/// <summary>What runs orchestrations: this host, or the provider without it. Both are stopped by being killed with their process, or disposed of.</summary>
internal interface IEngine : IAsyncDisposable
{
    /// <summary>Runs an orchestration of some steps to its end.</summary>
    Task RunAsync(int steps);
}
