namespace Larder.Orchestrations;

/// <summary>What <c>supervise.py</c> is told, on its standard input: it holds secrets, so neither a file nor a command line has it.</summary>
internal sealed record TaskSpecification(
    IReadOnlyList<string> Command,
    IReadOnlyDictionary<string, string> Environment,
    long? MemoryBytes,
    long CpuSeconds,
    long DiskBytes,
    double TimeoutSeconds,
    double GraceSeconds);
