namespace Azure.ResourceManager.ContainerInstance.Models;

public readonly struct ContainerGroupRestartPolicy : IEquatable<ContainerGroupRestartPolicy>
{
    private readonly string value;

    public ContainerGroupRestartPolicy(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        this.value = value;
    }

    public static ContainerGroupRestartPolicy Never { get; } = new("Never");

    public bool Equals(ContainerGroupRestartPolicy other) => string.Equals(value, other.value, StringComparison.OrdinalIgnoreCase);

    public override bool Equals(object obj) => obj is ContainerGroupRestartPolicy other && Equals(other);

    public override int GetHashCode() => value is null ? 0 : StringComparer.OrdinalIgnoreCase.GetHashCode(value);

    public override string ToString() => value;
}
