using System.Text;
using System.Text.Json;
using Larder.Inference.Signatures;

namespace Larder.Inference.Tensors;

/// <summary>The named columns of a model's only input, in its order, ready to be looked up. Immutable.</summary>
public sealed class FeatureColumns
{
    private const int MostShown = 20;

    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);

    private readonly byte[]?[] _defaults;

    private FeatureColumns(IReadOnlyList<Feature> features, Datatype datatype)
    {
        Features = features;
        _defaults = [.. features.Select(feature => feature.Default is { } value ? ElementOf(value, datatype) : null)];
        for (var i = 0; i < features.Count; i++)
            _places.TryAdd(features[i].Name, i);
    }

    /// <summary>The columns, in the order of the input.</summary>
    public IReadOnlyList<Feature> Features { get; }

    /// <summary>The columns of a version; null when it names none.</summary>
    public static FeatureColumns? Of(IReadOnlyList<Feature> features, ModelSignature signature) =>
        features.Count > 0 && signature.Inputs is [{ Datatype: { } datatype }] ? new FeatureColumns(features, datatype) : null;

    /// <summary>A JSON value as the bytes of one element (for BYTES, of its UTF-8); null when it is none.</summary>
    public static byte[]? ElementOf(JsonElement value, Datatype datatype)
    {
        if (datatype == Datatype.Bytes)
            return value.ValueKind == JsonValueKind.String ? Encoding.UTF8.GetBytes(value.GetString()!) : null;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(value.GetRawText()));
        var element = new byte[datatype.Size()];
        return reader.Read() && ElementToken.Read(datatype, ref reader, element) == ElementError.None ? element : null;
    }

    /// <summary>The bytes that stand for a missing value; null for none.</summary>
    internal byte[]? DefaultOf(int column) => column < _defaults.Length ? _defaults[column] : null;

    /// <summary>What the feature says of missing values; null for nothing, and for a column beyond the features, which an input of any width may have.</summary>
    internal bool? MissingOf(int column) => column < Features.Count ? Features[column].Missing : null;

    /// <summary>The place of a column; -1 when there is none of that name.</summary>
    public int Find(string name) => _places.GetValueOrDefault(name, -1);

    /// <summary>The place of the column whose name the reader is on.</summary>
    /// <exception cref="InvalidInputException">There is none of that name.</exception>
    internal int Find(ref Utf8JsonReader reader)
    {
        string? name;
        try
        {
            name = reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair is no name of anything.
            name = null;
        }

        return name is not null && _places.TryGetValue(name, out var place)
            ? place
            : throw new InvalidInputException($"values has {InputError.Text(ref reader)}, which is no column of the model; its columns are {List(Features.Select(feature => feature.Name))}");
    }

    /// <summary>The columns that are not there, for a message; the caller knows that there is one.</summary>
    internal InvalidInputException Lacks(bool[] there, string where)
    {
        var missing = Features.Where((_, i) => !there[i]).Select(feature => feature.Name).ToList();
        return new InvalidInputException($"values{where} lacks {(missing.Count == 1 ? "the column" : "the columns")} {List(missing)}");
    }

    private static string List(IEnumerable<string> names)
    {
        var all = names.ToList();
        return all.Count <= MostShown ? string.Join(", ", all) : $"{string.Join(", ", all.Take(MostShown))} and {all.Count - MostShown} more";
    }
}
