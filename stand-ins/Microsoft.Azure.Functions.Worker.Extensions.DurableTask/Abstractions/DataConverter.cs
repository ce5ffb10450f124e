namespace Microsoft.DurableTask;

/// <summary>Turns inputs, outputs, events and states into text and back.</summary>
public abstract class DataConverter
{
    /// <summary>A value as text; null for null.</summary>
    public abstract string? Serialize(object? value);

    /// <summary>A text as a value of a type; null for null.</summary>
    public abstract object? Deserialize(string? data, Type targetType);

    /// <summary>A text as a value; the type's default for null.</summary>
    public virtual T? Deserialize<T>(string? data) => (T?)(Deserialize(data, typeof(T)) ?? default(T));
}
