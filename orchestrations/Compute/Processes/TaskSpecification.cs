namespace Larder.Orchestrations.Compute.Processes;

/// <summary>What <c>supervise.py</c> is told, on its standard input: it holds secrets, so neither a file nor a command line has it.</summary>
internal sealed record TaskSpecification
{
    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>What Python is called, outside of a sandbox.</summary>
    public required string Python { get; init; }

    /// <summary>All variables of the command but HOME and TMPDIR.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Memory of the task where it can be limited as a whole, else address space of each process; null for no limit.</summary>
    public required long? MemoryBytes { get; init; }

    /// <summary>CPU time of each process.</summary>
    public required long CpuSeconds { get; init; }

    /// <summary>Cores of the task, where they can be limited; null for no limit.</summary>
    public required double? Cores { get; init; }

    /// <summary>Processes and threads of the task, where they can be limited.</summary>
    public required int Processes { get; init; }

    /// <summary>Bytes of disk of the task, and of each file.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>Time of the task.</summary>
    public required double TimeoutSeconds { get; init; }

    /// <summary>From SIGTERM to SIGKILL.</summary>
    public required double GraceSeconds { get; init; }

    /// <summary>Its sandbox; null for none.</summary>
    public required SandboxSpecification? Sandbox { get; init; }

    /// <summary>URLs that it reaches when its sandbox has no network.</summary>
    public required IReadOnlyList<string> Urls { get; init; }
}
