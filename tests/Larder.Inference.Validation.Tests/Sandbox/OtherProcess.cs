using System.Diagnostics;
using Larder.Testing;

namespace Larder.Inference.Validation.Tests.Sandbox;

/// <summary>Looks at processes by their ids, from outside.</summary>
internal static class OtherProcess
{
    /// <summary>Waits until there is an id.</summary>
    public static async Task<int> Starts(Func<int?> id)
    {
        await Eventually.TrueAsync(() => Task.FromResult(id() is not null));
        return id()!.Value;
    }

    /// <summary>Waits until the process has worked for longer than any start takes: it is busy with a model.</summary>
    public static Task Works(int id) => Eventually.TrueAsync(() =>
    {
        using var process = Process.GetProcessById(id);
        return Task.FromResult(process.TotalProcessorTime > TimeSpan.FromSeconds(2));
    });

    /// <summary>Waits until there is nothing left of the process, not even a zombie; an orphan's zombie is for the system to clean up.</summary>
    public static Task Ends(int id, bool orphaned = false) => Eventually.TrueAsync(() => Task.FromResult(IsGone(id, orphaned)));

    public static void Kill(int id)
    {
        using var process = Process.GetProcessById(id);
        process.Kill();
    }

    private static bool IsGone(int id, bool orphaned)
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal) && orphaned;
            using var process = Process.GetProcessById(id);
            return process.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or IOException)
        {
            return true;
        }
    }
}
