namespace Larder.Inference.Validation.Sandbox;

/// <summary>How the trial process ended by itself.</summary>
/// <param name="Code">Exit code; on Unix, 128 and the signal's number when a signal ended it.</param>
/// <param name="Errors">The end of what it wrote to standard error.</param>
internal sealed record SandboxExit(int Code, string Errors)
{
    private const int FirstSignal = 128;
    private const int Kill = 9;

    /// <summary>True when someone else ended it: no model can send this signal, but the kernel does, for want of memory.</summary>
    public bool WasKilled => !OperatingSystem.IsWindows() && Code == FirstSignal + Kill;

    /// <summary>True when it says that it ran out of memory.</summary>
    public bool IsOutOfMemory =>
        Errors.Contains("bad_alloc", StringComparison.Ordinal) || Errors.Contains("out of memory", StringComparison.OrdinalIgnoreCase);

    /// <summary>The end in words.</summary>
    public override string ToString() =>
        !OperatingSystem.IsWindows() && Code > FirstSignal ? $"signal {Code - FirstSignal}" : $"exit code {Code}";
}
