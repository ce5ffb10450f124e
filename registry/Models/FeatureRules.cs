using System.Text.Json;
using Larder.Inference.Rows;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Registry.Models;

/// <summary>Refuses features that do not fit the model that they describe.</summary>
internal static class FeatureRules
{
    /// <summary>Looks at features that are valid by themselves.</summary>
    /// <exception cref="InvalidRequestException">They are not the columns of the model's only input.</exception>
    public static void Check(IReadOnlyList<Feature> features, ModelSignature signature)
    {
        if (features.Count == 0)
            return;
        if (signature.Inputs is not [var input])
            throw new InvalidRequestException($"Features are the columns of a model's only input, and this model has {signature.Inputs.Count} inputs, whose names are the columns.");
        if (RowShape.ColumnsOf(input) is not { } columns)
            throw new InvalidRequestException($"Features are the columns of an input, and {input.Name} {input.TypeName} has none.");
        if (columns >= 0 && columns != features.Count)
            throw new InvalidRequestException($"There are {features.Count} features, and {input.Name} {input.TypeName} has {columns} columns: name each, in the order of the input.");
        if (features.FirstOrDefault(feature => feature.Default is { } value && FeatureColumns.ElementOf(value, input.Datatype!.Value) is null) is { } unusable)
            throw new InvalidRequestException($"The default of the feature {Quoted.Text(unusable.Name)} must be a value of {input.Datatype!.Value.Name()}.");
        if (features.Any(feature => feature.Name == input.Name))
            throw new InvalidRequestException($"A feature cannot be called {Quoted.Text(input.Name)}, which is the name of the whole input.");
    }
}

/// <summary>
/// Names of columns and classes in a file's own <c>metadata_props</c>. ONNX has no key for them, so those are read that exporters and scripts use: a list or an object
/// from numbers to names, in JSON or as Python prints it (Ultralytics' <c>names</c>), or names with commas between them. What does not fit the model is left out, since no caller stated it.
/// </summary>
internal static class MetadataNames
{
    private static readonly string[] FeatureKeys = ["features", "feature_names", "feature_names_in_"];
    private static readonly string[] LabelKeys = ["labels", "class_names", "classes", "names"];

    /// <summary>The columns of the only input.</summary>
    public static IReadOnlyList<Feature> FeaturesOf(ModelDescription model)
    {
        foreach (var names in FeatureKeys.Select(key => Names(model, key)).OfType<IReadOnlyList<string>>())
        {
            var features = names.Select(name => new Feature { Name = name }).ToList();
            if (IsUsable(() =>
            {
                FieldLimits.ValidateFeatures(features);
                FeatureRules.Check(features, model.Signature);
            }))
                return features;
        }

        return [];
    }

    /// <summary>The classes that the outputs count.</summary>
    public static IReadOnlyList<string> LabelsOf(ModelDescription model) =>
        LabelKeys.Select(key => Names(model, key)).OfType<IReadOnlyList<string>>().FirstOrDefault(names => IsUsable(() => FieldLimits.ValidateLabels(names))) ?? [];

    private static bool IsUsable(Action check)
    {
        try
        {
            check();
            return true;
        }
        catch (InvalidRequestException)
        {
            return false;
        }
    }

    private static IReadOnlyList<string>? Names(ModelDescription model, string key)
    {
        if (!model.Metadata.TryGetValue(key, out var text) || string.IsNullOrWhiteSpace(text))
            return null;
        try
        {
            return Read(text) switch
            {
                { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => [.. list.EnumerateArray().Select(item => item.GetString()!)],
                { ValueKind: JsonValueKind.Object } counted => Counted(counted),
                { ValueKind: JsonValueKind.String } names => names.GetString()!.Split(',', StringSplitOptions.TrimEntries),
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            // A name with half of a surrogate pair.
            return null;
        }
    }

    // JSON; or YAML, which what Python prints of a list or a dict is, and names with commas between them.
    private static JsonElement? Read(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            try
            {
                return JsonSerializer.SerializeToElement(YamlJson.Read(BinaryData.FromString(text)));
            }
            catch (InvalidRequestException)
            {
                return null;
            }
        }
    }

    // {"0": "setosa", "1": "versicolor"}, where the numbers are 0 and up without a gap.
    private static List<string>? Counted(JsonElement names)
    {
        var list = new List<string>();
        for (var i = 0; names.TryGetProperty($"{i}", out var name) && name.ValueKind == JsonValueKind.String; i++)
            list.Add(name.GetString()!);
        return list.Count > 0 && list.Count == names.EnumerateObject().Count() ? list : null;
    }
}
