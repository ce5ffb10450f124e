using System.Globalization;
using Larder.Orchestrations.Compute.Processes;

namespace Larder.Orchestrations.Jobs;

/// <summary>Where a job's files are in its container (README.md).</summary>
public static class JobPaths
{
    /// <summary>Secret environment values, by name.</summary>
    public const string Secrets = "secrets.json";

    /// <summary>Folder of an attempt.</summary>
    public static string Attempt(int attempt) => string.Create(CultureInfo.InvariantCulture, $"attempt-{attempt}/");

    /// <summary>What bootstrap.py is told.</summary>
    public static string Manifest(int attempt) => Attempt(attempt) + "job.json";

    /// <summary>bootstrap.py itself.</summary>
    public static string Bootstrap(int attempt) => Attempt(attempt) + "bootstrap.py";

    /// <summary>Which machine runs it, while a machine's own process does (<see cref="LeasedProcessCompute"/>).</summary>
    public static string Lease(int attempt) => Attempt(attempt) + "lease.json";

    /// <summary>The script's output, line by line.</summary>
    public static string Log(int attempt) => Attempt(attempt) + "log.jsonl";

    /// <summary>How it ended.</summary>
    public static string Exit(int attempt) => Attempt(attempt) + "exit.json";

    /// <summary>What the backend caught of its standard output and error.</summary>
    public static string BackendLog(int attempt) => Attempt(attempt) + "backend.log";

    /// <summary>Files from the output folder.</summary>
    public static string Outputs(int attempt) => Attempt(attempt) + "outputs/";

    /// <summary>Files elsewhere in the work folder that are called as the model is.</summary>
    public static string Found(int attempt) => Attempt(attempt) + "found/";
}
