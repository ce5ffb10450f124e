using System.ComponentModel;
using System.Diagnostics;

namespace Larder.Orchestrations.Compute.Processes;

/// <summary>When local jobs run in a sandbox.</summary>
public enum SandboxUse
{
    /// <summary>Where this machine can make one.</summary>
    Auto,

    /// <summary>Always; where this machine cannot make one, trainings are refused.</summary>
    Required,

    /// <summary>Never: jobs have the rights of the user who runs the server.</summary>
    Off,
}

/// <summary>What a job in a sandbox reaches of the network.</summary>
public enum SandboxNetwork
{
    /// <summary>All that the server's machine reaches, the machine's own services too.</summary>
    Host,

    /// <summary>Nothing but the job's own URLs of storage, by a relay outside the sandbox that checks each request.</summary>
    None,
}

/// <summary>
/// The sandbox of local jobs: bubblewrap (bwrap(1)), on Linux where user namespaces may be made. <c>supervise.py</c> makes it; this finds out, once and by
/// making one, whether this machine can.
/// </summary>
internal sealed class ProcessSandbox
{
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromMinutes(2);

    private readonly ProcessComputeOptions _options;
    private readonly Lazy<string?> _obstacle;

    /// <param name="options">How jobs run.</param>
    public ProcessSandbox(ProcessComputeOptions options)
    {
        _options = options;
        _obstacle = new Lazy<string?>(FindObstacle);
    }

    /// <summary>Whether jobs run in one.</summary>
    public bool IsUsed => _options.Sandbox != SandboxUse.Off && _obstacle.Value is null;

    /// <summary>Why jobs run without one, in a sentence; null when they run in one.</summary>
    public string? Missing =>
        _options.Sandbox == SandboxUse.Off ? "Local jobs run without a sandbox, since Jobs:Process:Sandbox is off: their code has the rights of the user who runs the server."
        : _obstacle.Value is { } obstacle ? $"Local jobs run without a sandbox, since this machine cannot make one ({obstacle}): their code has the rights of the user who runs the server."
        : null;

    /// <summary>Why no job can run, in a sentence; null when jobs can.</summary>
    public string? Refusal => _options.Sandbox == SandboxUse.Required && _obstacle.Value is { } obstacle
        ? $"Training is refused: Jobs:Process:Sandbox is required, and this machine cannot make a sandbox ({obstacle}). Install bubblewrap, and allow user namespaces."
        : null;

    /// <summary>The sandbox's part of the input of <c>supervise.py</c>; null for no sandbox.</summary>
    public SandboxSpecification? Specify() => IsUsed ? Specification : null;

    // A host that is started from its folder has its settings and .data there.
    private SandboxSpecification Specification => new(
        _options.Bubblewrap, _options.Network == SandboxNetwork.None ? "none" : "host", _options.ReadableFolders(), [_options.Folder, AppContext.BaseDirectory, Environment.CurrentDirectory]);

    private string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux())
            return "bubblewrap is for Linux";
        if (!IsOnPath(_options.Bubblewrap))
            return $"{_options.Bubblewrap} is not installed: the package is called bubblewrap";
        try
        {
            var start = new ProcessStartInfo(_options.Python, ["-I", "-S", "-c", EmbeddedText.Read("supervise.py"), "--probe"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            var path = start.Environment["PATH"];
            start.Environment.Clear();
            start.Environment["PATH"] = path;
            using var process = Process.Start(start)!;
            process.StandardInput.BaseStream.Write(TaskFolder.ToJson(Specification));
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(ProbeLimit))
            {
                process.Kill(entireProcessTree: true);
                return "its test run did not end";
            }

            process.WaitForExit();
            var told = (process.ExitCode == 0 ? output : errors).GetAwaiter().GetResult().Trim();
            return process.ExitCode != 0 ? $"its test run failed: {Last(told)}" : told.Length > 0 ? Last(told) : null;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return $"'{_options.Python}' cannot be run";
        }
    }

    private static string Last(string told) => told.Split('\n')[^1];

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));
}

/// <summary>How <c>supervise.py</c> makes a sandbox.</summary>
/// <param name="Program">bubblewrap.</param>
/// <param name="Network"><c>host</c> or <c>none</c>.</param>
/// <param name="ReadFolders">Folders that the job may read besides those of the system and of Python.</param>
/// <param name="HiddenFolders">The server's own, which are not shown even if they are inside of one that may be read.</param>
internal sealed record SandboxSpecification(
    string Program, string Network, IReadOnlyList<string> ReadFolders, IReadOnlyList<string> HiddenFolders);
