using System.Globalization;

namespace Larder.Registry.Jobs.Files;

/// <summary>The layout of a job's container: the paths of the files that all rooms read and write (orchestrations/README.md, "A job's files").</summary>
public static class JobPaths
{
    /// <summary>The secret values of the job's options, by name.</summary>
    public const string Secrets = "secrets.json";

    /// <summary>The token with which the job's script logs to its run; a secret.</summary>
    public const string RunToken = "run-token.json";

    /// <summary>The folder of an attempt, counted from 1.</summary>
    public static string Attempt(int attempt) => string.Create(CultureInfo.InvariantCulture, $"attempt-{attempt}/");

    /// <summary>The input of bootstrap.py.</summary>
    public static string Manifest(int attempt) => Attempt(attempt) + "job.json";

    /// <summary>bootstrap.py itself.</summary>
    public static string Bootstrap(int attempt) => Attempt(attempt) + "bootstrap.py";

    /// <summary>The lease of the machine that runs the attempt as a local process.</summary>
    public static string Lease(int attempt) => Attempt(attempt) + "lease.json";

    /// <summary>The script's output, line by line.</summary>
    public static string Log(int attempt) => Attempt(attempt) + "log.jsonl";

    /// <summary>The metrics that the script writes while it runs, line by line as the log.</summary>
    public static string Metrics(int attempt) => Attempt(attempt) + "metrics.jsonl";

    /// <summary>How the script ended, written last by bootstrap.py.</summary>
    public static string Exit(int attempt) => Attempt(attempt) + "exit.json";

    /// <summary>The standard output and error of bootstrap.py itself, as the backend caught it.</summary>
    public static string BackendLog(int attempt) => Attempt(attempt) + "backend.log";

    /// <summary>The folder of the files that the script left in its output folder.</summary>
    public static string Outputs(int attempt) => Attempt(attempt) + "outputs/";

    /// <summary>The folder of files from elsewhere in the work folder that have the model's name.</summary>
    public static string Found(int attempt) => Attempt(attempt) + "found/";
}
