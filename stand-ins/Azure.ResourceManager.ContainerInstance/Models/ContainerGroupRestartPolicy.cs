namespace Azure.ResourceManager.ContainerInstance.Models;

public readonly struct ContainerGroupRestartPolicy : IEquatable<ContainerGroupRestartPolicy>
{
    private readonly string _value;

    public ContainerGroupRestartPolicy(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        _value = value;
    }

    public static ContainerGroupRestartPolicy Never { get; } = new("Never");

    public static bool operator ==(ContainerGroupRestartPolicy left, ContainerGroupRestartPolicy right) => left.Equals(right);

    public static bool operator !=(ContainerGroupRestartPolicy left, ContainerGroupRestartPolicy right) => !left.Equals(right);

    public bool Equals(ContainerGroupRestartPolicy other) => string.Equals(_value, other._value, StringComparison.OrdinalIgnoreCase);

    public override bool Equals(object obj) => obj is ContainerGroupRestartPolicy other && Equals(other);

    public override int GetHashCode() => _value is null ? 0 : StringComparer.OrdinalIgnoreCase.GetHashCode(_value);

    public override string ToString() => _value;
}
