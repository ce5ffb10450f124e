using Larder.Inference.Signatures;
using Larder.Registry.Errors;

namespace Larder.Registry.Text;

/// <summary>How long the free texts of models and versions may be. All of a model is one document, read and written whole.</summary>
internal static class FieldLimits
{
    private const int MaxDescription = 32_768;
    private const int MaxShortText = 256;
    private const int MaxKey = 255;

    // A blob's container, name and ETag fit.
    private const int MaxSource = 1_280;
    private const int MaxLink = 500;
    private const int MaxLabels = 100_000;
    private const int MaxLabel = 250;
    private const int MaxLabelsLength = 262_144;
    private const int MaxFeatures = 10_000;
    private const int MaxMetrics = 1000;
    private const int MaxTags = 100;
    private const int MaxTagKey = 250;
    private const int MaxTagValue = 5_000;
    private const int MaxTagsLength = 65_536;

    public static void ValidateDescription(string? text) => Validate(text, "description", MaxDescription);

    public static void ValidateSource(string source) => Validate(source, "source", MaxSource);

    /// <summary>Names of classes.</summary>
    public static void ValidateLabels(IReadOnlyList<string>? labels)
    {
        if (labels is null)
            return;
        if (labels.Count > MaxLabels)
            throw new InvalidRequestException($"There can be at most {MaxLabels} labels, and these are {labels.Count}.");
        foreach (var label in labels)
        {
            // JSON can say null where the type does not.
            if (label is null || label.Any(char.IsControl))
                throw new InvalidRequestException($"{Quoted.Text(label ?? "null")} cannot be a label: use printable characters.");
            Validate(label, "label", MaxLabel);
        }

        var length = labels.Sum(label => label.Length);
        if (length > MaxLabelsLength)
            throw new InvalidRequestException($"The labels together can have at most {MaxLabelsLength} characters, and these have {length}.");
    }

    /// <summary>Names of columns.</summary>
    public static void ValidateFeatures(IReadOnlyList<Feature>? features)
    {
        if (features is null)
            return;
        if (features.Count > MaxFeatures)
            throw new InvalidRequestException($"There can be at most {MaxFeatures} features, and these are {features.Count}.");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var feature in features)
        {
            // JSON can say null where the type does not.
            if (feature is null || string.IsNullOrWhiteSpace(feature.Name) || feature.Name.Length > MaxLabel || feature.Name.Any(char.IsControl))
                throw new InvalidRequestException($"{Quoted.Text(feature?.Name ?? "")} cannot be a feature's name: use 1 to {MaxLabel} printable characters.");
            if (!names.Add(feature.Name))
                throw new InvalidRequestException($"The feature {Quoted.Text(feature.Name)} is there twice.");
            if ((feature.Type ?? "").Any(char.IsControl) || (feature.Unit ?? "").Any(char.IsControl))
                throw new InvalidRequestException($"Type and unit of the feature {Quoted.Text(feature.Name)} must be printable characters.");
            ValidateShort(feature.Type, $"type of the feature {Quoted.Text(feature.Name)}");
            ValidateShort(feature.Unit, $"unit of the feature {Quoted.Text(feature.Name)}");
        }

        var length = names.Sum(name => name.Length);
        if (length > MaxLabelsLength)
            throw new InvalidRequestException($"The names of the features together can have at most {MaxLabelsLength} characters, and these have {length}.");
    }

    /// <summary>An owner, an actor, a file name.</summary>
    public static void ValidateShort(string? text, string what) => Validate(text, what, MaxShortText);

    /// <summary>A link that a caller wants kept with something.</summary>
    public static void ValidateLink(string? text, string what) => Validate(text, what, MaxLink);

    public static void ValidateTags(IReadOnlyDictionary<string, string>? tags)
    {
        if (tags is null)
            return;
        if (tags.Count > MaxTags)
            throw new InvalidRequestException($"There can be at most {MaxTags} tags, and these are {tags.Count}.");
        foreach (var (key, value) in tags)
        {
            if (key.Length is 0 or > MaxTagKey || key.Any(char.IsControl))
                throw new InvalidRequestException($"{Quoted.Text(key)} cannot be a tag's key: use 1 to {MaxTagKey} printable characters.");
            if (value is null)
                throw new InvalidRequestException($"The tag {Quoted.Text(key)} has no value.");
            Validate(value, $"value of the tag {Quoted.Text(key)}", MaxTagValue);
        }

        var length = tags.Sum(tag => tag.Key.Length + tag.Value.Length);
        if (length > MaxTagsLength)
            throw new InvalidRequestException($"The tags together can have at most {MaxTagsLength} characters, and these have {length}.");
    }

    /// <summary>A key under which something is done once.</summary>
    public static void ValidateKey(string key, string what)
    {
        if (key.Length is 0 or > MaxKey || key.Any(char.IsControl))
            throw new InvalidRequestException($"The {what} must have 1 to {MaxKey} printable characters.");
    }

    public static void ValidateMetrics(IReadOnlyDictionary<string, double>? metrics)
    {
        if (metrics is null)
            return;
        if (metrics.Count > MaxMetrics)
            throw new InvalidRequestException($"There can be at most {MaxMetrics} metrics, and these are {metrics.Count}.");
        foreach (var (name, value) in metrics)
        {
            if (name.Length is 0 or > MaxTagKey || name.Any(char.IsControl))
                throw new InvalidRequestException($"{Quoted.Text(name)} cannot be a metric's name: use 1 to {MaxTagKey} printable characters.");
            if (!double.IsFinite(value))
                throw new InvalidRequestException($"The metric {Quoted.Text(name)} is not a finite number.");
        }
    }

    /// <summary>The last part of a path that a client sent, in either kind of slashes; null when nothing is left.</summary>
    public static string? FileName(string? path)
    {
        var name = path?[(path.LastIndexOfAny(['/', '\\']) + 1)..].Trim();
        return string.IsNullOrEmpty(name) ? null : name;
    }

    private static void Validate(string? text, string what, int most)
    {
        if (text?.Length > most)
            throw new InvalidRequestException($"The {what} can have at most {most} characters, and this one has {text.Length}.");
    }
}
