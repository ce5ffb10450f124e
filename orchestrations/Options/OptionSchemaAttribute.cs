using System.Diagnostics.CodeAnalysis;

namespace Larder.Orchestrations.Options;

/// <summary>The JSON Schema of a type that has a JSON converter of its own, from which a schema cannot be derived.</summary>
/// <param name="json">The schema, in the keywords that <see cref="OptionValidator"/> knows.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OptionSchemaAttribute([StringSyntax(StringSyntaxAttribute.Json)] string json) : Attribute
{
    /// <summary>The schema.</summary>
    public string Json => json;
}
