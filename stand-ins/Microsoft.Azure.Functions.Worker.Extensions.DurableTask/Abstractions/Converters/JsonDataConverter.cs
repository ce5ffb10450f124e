using System.Text.Json;

namespace Microsoft.DurableTask.Converters;

/// <summary>JSON, by System.Text.Json.</summary>
/// <param name="options">How; if null, as System.Text.Json does by default, and fields too.</param>
public class JsonDataConverter(JsonSerializerOptions? options = null) : DataConverter
{
    // What is stored depends on these: they must never change.
    private static readonly JsonSerializerOptions defaults = new() { IncludeFields = true };

    private readonly JsonSerializerOptions options = options ?? defaults;

    /// <summary>The converter that everything uses.</summary>
    public static JsonDataConverter Default { get; } = new();

    /// <inheritdoc/>
    public override string? Serialize(object? value) => value is null ? null : JsonSerializer.Serialize(value, options);

    /// <inheritdoc/>
    public override object? Deserialize(string? data, Type targetType) => data is null ? null : JsonSerializer.Deserialize(data, targetType, options);
}
