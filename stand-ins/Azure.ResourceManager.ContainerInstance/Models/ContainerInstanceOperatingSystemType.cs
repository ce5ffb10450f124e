namespace Azure.ResourceManager.ContainerInstance.Models;

public readonly struct ContainerInstanceOperatingSystemType : IEquatable<ContainerInstanceOperatingSystemType>
{
    private readonly string _value;

    public ContainerInstanceOperatingSystemType(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        _value = value;
    }

    public static ContainerInstanceOperatingSystemType Linux { get; } = new("Linux");

    public static bool operator ==(ContainerInstanceOperatingSystemType left, ContainerInstanceOperatingSystemType right) => left.Equals(right);

    public static bool operator !=(ContainerInstanceOperatingSystemType left, ContainerInstanceOperatingSystemType right) => !left.Equals(right);

    public bool Equals(ContainerInstanceOperatingSystemType other) => string.Equals(_value, other._value, StringComparison.OrdinalIgnoreCase);

    public override bool Equals(object obj) => obj is ContainerInstanceOperatingSystemType other && Equals(other);

    public override int GetHashCode() => _value is null ? 0 : StringComparer.OrdinalIgnoreCase.GetHashCode(_value);

    public override string ToString() => _value;
}
