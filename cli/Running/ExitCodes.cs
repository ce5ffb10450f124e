using Larder.Client;

namespace Larder.Cli.Running;

/// <summary>How a command ends; docs/cli.md has the table.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotReachable = 3;
    public const int Canceled = 4;
    public const int TimedOut = 5;

    /// <summary>128 and the number of the signal, as shells have it.</summary>
    public const int Interrupted = 130;

    /// <summary>The same for SIGTERM.</summary>
    public const int Terminated = 143;

    /// <summary>How a command ends that waited for a job.</summary>
    public static int Of(string state) => state switch
    {
        JobStates.Succeeded => Ok,
        JobStates.Canceled => Canceled,
        JobStates.TimedOut => TimedOut,
        _ => Failed,
    };
}
