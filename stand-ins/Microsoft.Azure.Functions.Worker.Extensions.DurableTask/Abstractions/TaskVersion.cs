namespace Microsoft.DurableTask;

/// <summary>The version of an orchestration, compared without case. No version is the empty text.</summary>
public readonly struct TaskVersion : IEquatable<TaskVersion>
{
    /// <summary>No version.</summary>
    public static readonly TaskVersion Unversioned = default;

    private readonly string? version;

    /// <summary>A version.</summary>
    /// <exception cref="ArgumentException">It is white space only.</exception>
    public TaskVersion(string? version)
    {
        if (!string.IsNullOrEmpty(version) && string.IsNullOrWhiteSpace(version))
            throw new ArgumentException("A version must not be white space only.", nameof(version));
        this.version = version;
    }

    /// <summary>The version as text; never null.</summary>
    public string Version => version ?? "";

    /// <summary>The version as text.</summary>
    public static implicit operator string(TaskVersion value) => value.Version;

    /// <summary>A text as a version.</summary>
    public static implicit operator TaskVersion(string? value) => new(value);

    /// <summary>Whether two versions are the same.</summary>
    public static bool operator ==(TaskVersion a, TaskVersion b) => a.Equals(b);

    /// <summary>Whether two versions are not the same.</summary>
    public static bool operator !=(TaskVersion a, TaskVersion b) => !a.Equals(b);

    /// <summary>Whether this is the same version as another.</summary>
    public bool Equals(TaskVersion other) => string.Equals(Version, other.Version, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TaskVersion other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Version);
}
