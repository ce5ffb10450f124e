using System.Diagnostics;

namespace Larder.Testing.Load;

/// <summary>What a process holds at a moment (Linux).</summary>
/// <param name="Seconds">Since the measurement began.</param>
/// <param name="ResidentBytes">Resident memory.</param>
/// <param name="Handles">Open files, sockets and pipes.</param>
/// <param name="Threads">Threads.</param>
public sealed record ProcessSample(double Seconds, long ResidentBytes, int Handles, int Threads)
{
    /// <summary>Takes a sample each second until it is cancelled.</summary>
    public static async Task<IReadOnlyList<ProcessSample>> EachSecondAsync(int processId, CancellationToken cancellationToken)
    {
        var (samples, clock) = (new List<ProcessSample>(), Stopwatch.StartNew());
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
        {
            samples.Add(Of(processId, clock.Elapsed.TotalSeconds));
        }
        while (await TickAsync(timer, cancellationToken));
        return samples;
    }

    /// <summary>One sample.</summary>
    public static ProcessSample Of(int processId, double seconds)
    {
        using var process = Process.GetProcessById(processId);
        return new(seconds, process.WorkingSet64, Directory.GetFileSystemEntries($"/proc/{processId}/fd").Length, process.Threads.Count);
    }

    /// <summary>How much larger the median of the last quarter is than that of the quarter after the warm-up, which is the first fifth: 1 is flat.</summary>
    public static double Growth(IReadOnlyList<ProcessSample> samples, Func<ProcessSample, double> value)
    {
        var settled = samples.Skip(samples.Count / 5).Select(value).ToList();
        return Median(settled[^(settled.Count / 4)..]) / Median(settled[..(settled.Count / 4)]);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task<bool> TickAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
