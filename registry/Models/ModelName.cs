using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Registry.Models;

/// <summary>
/// A model's name, compared case-sensitively. Text from outside becomes one by <see cref="Parse"/>, where a request, a file or an option is read; from there on the
/// type is passed, so that nothing validates a name again. In JSON it is a string.
/// </summary>
[JsonConverter(typeof(StoredNameConverter))]
public sealed record ModelName
{
    /// <summary>The most characters that a name has.</summary>
    public const int MaxLength = 128;

    /// <summary>The alias that every model has: what a request without a version gets.</summary>
    public const string Default = "default";

    // A route below /models, so no model can be reached under it.
    private const string Reserved = "information";

    private readonly string _text;

    private ModelName(string text) => _text = text;

    /// <summary>Reads the name of a model.</summary>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static ModelName Parse(string text)
    {
        if (!IsWellFormed(text))
        {
            throw new InvalidRequestException(
                $"{Quoted.Text(text)} is not a model name: use 1 to {MaxLength} letters, digits, '.', '_' or '-', the first a letter or digit.");
        }

        return text == Reserved
            ? throw new InvalidRequestException($"No model can be called '{Reserved}': that word is part of the API.")
            : new ModelName(text);
    }

    /// <summary>Refuses what is no name of an alias.</summary>
    /// <param name="alias">As a model's name, and not digits only, which would be a version.</param>
    /// <exception cref="InvalidRequestException">It is none.</exception>
    public static void ValidateAlias(string alias)
    {
        if (!IsWellFormed(alias))
        {
            throw new InvalidRequestException(
                $"{Quoted.Text(alias)} is not an alias: use 1 to {MaxLength} letters, digits, '.', '_' or '-', the first a letter or digit.");
        }

        if (ModelReference.IsDigits(alias))
            throw new InvalidRequestException($"'{alias}' is not an alias but a version number: an alias has at least one character that is no digit.");
    }

    /// <summary>The name as text.</summary>
    [return: NotNullIfNotNull(nameof(name))]
    public static implicit operator string?(ModelName? name) => name?._text;

    /// <summary>The name as text.</summary>
    public override string ToString() => _text;

    internal static bool IsWellFormed(string name) =>
        name is { Length: > 0 and <= MaxLength }
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    // What is stored was validated when it was written, by the rules of that release: a stricter rule of today must not make a document unreadable.
    private sealed class StoredNameConverter : JsonConverter<ModelName>
    {
        public override ModelName? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, ModelName value, JsonSerializerOptions options) => writer.WriteStringValue(value._text);
    }
}
