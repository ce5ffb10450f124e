namespace Larder.Orchestrations.Compute;

/// <summary>What a backend is to run.</summary>
public sealed record ComputeTask
{
    /// <summary>Which attempt of which job.</summary>
    public required ComputeId Id { get; init; }

    /// <summary>What it may use; checked before by <see cref="IComputeBackend.Validate"/>.</summary>
    public required ComputeResources Resources { get; init; }

    /// <summary>Program and arguments, as they are: no shell reads them.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Environment variables whose values must not be logged or shown: URLs with a signature.</summary>
    public required IReadOnlyDictionary<string, string> SecureEnvironment { get; init; }

    /// <summary>URLs that its code uses, signatures and all: what it reaches when a backend gives it no other network. One of a container stands for all below it.</summary>
    public IReadOnlyList<string> Urls { get; init; } = [];

    /// <summary>How long it may run. The orchestration watches this too; a backend that can enforce it by itself does.</summary>
    public required TimeSpan Timeout { get; init; }
}
