namespace Azure.ResourceManager.ContainerInstance.Models;

public readonly struct ContainerInstanceOperatingSystemType : IEquatable<ContainerInstanceOperatingSystemType>
{
    private readonly string value;

    public ContainerInstanceOperatingSystemType(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        this.value = value;
    }

    public static ContainerInstanceOperatingSystemType Linux { get; } = new("Linux");

    public bool Equals(ContainerInstanceOperatingSystemType other) => string.Equals(value, other.value, StringComparison.OrdinalIgnoreCase);

    public override bool Equals(object obj) => obj is ContainerInstanceOperatingSystemType other && Equals(other);

    public override int GetHashCode() => value is null ? 0 : StringComparer.OrdinalIgnoreCase.GetHashCode(value);

    public override string ToString() => value;
}
