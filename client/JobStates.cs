namespace Larder.Client;

/// <summary>The states of jobs. A newer server may have others.</summary>
public static class JobStates
{
    /// <summary>It is accepted, and waits.</summary>
    public const string Queued = "queued";

    /// <summary>It runs.</summary>
    public const string Running = "running";

    /// <summary>It ended as it should.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>It ended with an error.</summary>
    public const string Failed = "failed";

    /// <summary>It was ended by a caller.</summary>
    public const string Canceled = "canceled";

    /// <summary>It ran longer than it may.</summary>
    public const string TimedOut = "timed_out";

    /// <summary>Whether a job in this state has ended.</summary>
    /// <param name="state">A job's state.</param>
    public static bool IsFinal(string state) => state is Succeeded or Failed or Canceled or TimedOut;
}
