using System.Diagnostics;

namespace Larder.Bench.Durable;

/// <summary>
/// How long an orchestration stands still when the process that runs it is killed and another is there: from the kill to the orchestration's next step. The
/// other is in this process; the one that is killed is this program again, with other arguments.
/// </summary>
internal static class TakeOver
{
    private const string Argument = "--run-and-be-killed";

    /// <summary>Whether this process is the one that is to be killed; then it runs until then.</summary>
    public static async Task<bool> IsVictimAsync(string[] args)
    {
        if (args is not [Argument, var engine, var connection, var hub])
            return false;
        await using var running = await StartAsync(engine, connection, hub);
        await running.RunAsync(1);
        Console.WriteLine("running");
        await Task.Delay(Timeout.Infinite);
        return true;
    }

    /// <summary>Kills a process that owns the hub, then runs an orchestration: the seconds until it has ended at the other.</summary>
    public static async Task<double> MeasureAsync(string engine, string connection)
    {
        var hub = $"T{Guid.NewGuid():N}";
        using var victim = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [Argument, engine, connection, hub]) { RedirectStandardOutput = true })!;
        while (await victim.StandardOutput.ReadLineAsync() is { } line && line != "running")
        {
        }

        await using var other = await StartAsync(engine, connection, hub);
        victim.Kill();
        await victim.WaitForExitAsync();
        var start = Stopwatch.GetTimestamp();
        await other.RunAsync(1);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public static async Task<IEngine> StartAsync(string engine, string connection, string hub) =>
        engine == "host" ? await HostEngine.StartAsync(connection, hub) : await BareEngine.StartAsync(connection, hub);
}
