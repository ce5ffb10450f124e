using System.ComponentModel;
using System.Diagnostics;

namespace Larder.Host.Emulator;

/// <summary>A process, told apart from a later one that got the same id.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Started">When it started (UTC).</param>
internal sealed record ProcessIdentity(int Id, DateTime Started)
{
    // Start times are derived from the uptime, and come out a little different each time.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);

    /// <summary>Whether it still runs.</summary>
    public bool IsAlive()
    {
        using var process = Find();
        return process is not null;
    }

    /// <summary>A running process.</summary>
    public static ProcessIdentity Of(Process process) => new(process.Id, process.StartTime.ToUniversalTime());

    /// <summary>The process; null when it has gone.</summary>
    public Process? Find()
    {
        Process process;
        try
        {
            process = Process.GetProcessById(Id);
        }
        catch (ArgumentException)
        {
            return null;
        }

        try
        {
            if (!process.HasExited && (process.StartTime.ToUniversalTime() - Started).Duration() < Tolerance)
                return process;
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // It has gone in the meantime, or belongs to another user: it is not the one.
        }

        process.Dispose();
        return null;
    }
}
