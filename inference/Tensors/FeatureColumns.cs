using System.Text;
using System.Text.Json;
using Larder.Inference.Rows;
using Larder.Inference.Signatures;
using Larder.Inference.Validation.Scanning;

namespace Larder.Inference.Tensors;

/// <summary>
/// The named columns of a model, ready to be looked up. They are the features of its only input, in its order; or they are made of the inputs' names: <c>x</c> for an input with one value per row,
/// <c>x_0</c>, <c>x_1</c> ... for one with several. Immutable.
/// </summary>
public sealed class FeatureColumns
{
    private const int MostShown = 20;
    private const int LongestShown = 40;
    private const int MostDerived = 1024;

    // Derived names take some two hundred bytes a column, and most versions are never sent a table: made when they are first asked for.
    private readonly Lazy<ColumnNames> _names;

    // None of derived columns.
    private readonly byte[]?[] _defaults;

    // The values in a row of each input.
    private readonly int[] _widths;

    private FeatureColumns(IReadOnlyList<Feature> features, Datatype datatype)
    {
        _names = new Lazy<ColumnNames>(() => new ColumnNames(features, Targets: null));
        _defaults = [.. features.Select(feature => feature.Default is { } value ? ElementOf(value, datatype) : null)];
        (_widths, Required) = ([features.Count], features.Count);
    }

    private FeatureColumns(Func<ColumnNames> derived, int[] widths, int required)
    {
        _names = new Lazy<ColumnNames>(derived);
        (_defaults, _widths, Required, IsDerived) = ([], widths, required, true);
    }

    /// <summary>The columns, in the order of the inputs.</summary>
    public IReadOnlyList<Feature> Features => _names.Value.Features;

    /// <summary>The number of columns that a table must have; those behind them are of optional inputs.</summary>
    public int Required { get; }

    /// <summary>Whether the names are made of those of the inputs.</summary>
    public bool IsDerived { get; }

    // A single input, of whose columns the model does not know the names.
    private bool IsNameless => IsDerived && _widths[0] == Required;

    /// <summary>The columns of a version; null when it names none.</summary>
    public static FeatureColumns? Of(IReadOnlyList<Feature> features, ModelSignature signature) =>
        features.Count > 0 && signature.Inputs is [{ Datatype: { } datatype }] ? new FeatureColumns(features, datatype) : null;

    /// <summary>The columns of a version by which a table can be sent: its features, or else what the inputs' names make; null for a model that takes no tables, or very wide ones without names.</summary>
    public static FeatureColumns? OfTable(IReadOnlyList<Feature> features, ModelSignature signature)
    {
        if (Of(features, signature) is { } named)
            return named;
        if (signature.Inputs.Count == 0 || !signature.Inputs.All(IsTable) || signature.Inputs.Sum(RowShape.WidthOf) > MostDerived)
            return null;
        var widths = signature.AllInputs.Select(input => IsTable(input) ? (int)RowShape.WidthOf(input) : 0).ToArray();
        return new FeatureColumns(Derived, widths, widths.Take(signature.Inputs.Count).Sum());

        ColumnNames Derived()
        {
            var inputs = signature.AllInputs.ToList();
            var targets = widths.SelectMany((width, input) => Enumerable.Range(0, width).Select(place => (input, place))).ToArray();
            return new ColumnNames(targets.Select(target => ColumnFeeds.NameOf(inputs[target.input], widths[target.input], target.place)), targets);
        }
    }

    // One and two dimensions are tables; what has more is an image or a sequence.
    private static bool IsTable(ValueSignature input) => input is { HasVariableBatch: true, Shape.Count: 1 or 2 } && RowShape.WidthOf(input) is > 0 and <= MostDerived;

    /// <summary>The columns as the rules find them in a table: where the model does not know the names of its columns, the table may call them as it likes.</summary>
    public FeatureColumns In(IReadOnlyList<string> names, TableRules rules) =>
        rules.TakesNameless && IsNameless && names.Count == Required && names.Any(name => Find(name) < 0) && names.Distinct(StringComparer.Ordinal).Count() == names.Count
            ? new FeatureColumns(() => new ColumnNames(names, _names.Value.Targets![..Required]), _widths, Required)
            : this;

    /// <summary>The input of a column, and the column's place in the rows of the input.</summary>
    public (int Input, int Place) At(int column) => _names.Value.Targets is { } targets ? targets[column] : (0, column);

    /// <summary>The number of values in a row of an input.</summary>
    internal int WidthOf(int input) => _widths[input];

    /// <summary>For each input the places of its columns in the rows of a table; empty for an optional input that is not there.</summary>
    /// <param name="names">The columns of the table, in order.</param>
    /// <param name="rules">What is said of columns that are not the model's.</param>
    /// <exception cref="InvalidInputException">A column is missing, unknown or there twice.</exception>
    public int[][] FeedsOf(IReadOnlyList<string> names, TableRules rules)
    {
        var places = PlacesOf(names, rules);
        return [.. _widths.Select((_, input) => Enumerable.Range(0, Features.Count).Where(column => At(column).Input == input)
            .Select(column => Array.IndexOf(places, column)).Where(place => place >= 0).ToArray())];
    }

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
    internal bool? MissingOf(int column) => !IsDerived && column < Features.Count ? Features[column].Missing : null;

    /// <summary>The place of a column; -1 when there is none of that name.</summary>
    public int Find(string name) => _names.Value.Places.GetValueOrDefault(name, -1);

    /// <summary>The place of the column whose name the reader is on; -1 when there is none of that name and others are skipped.</summary>
    /// <exception cref="InvalidInputException">There is none of that name.</exception>
    internal int Find(ref Utf8JsonReader reader, TableRules rules)
    {
        var name = JsonTokens.Name(ref reader);
        if (name is not null && _names.Value.Places.TryGetValue(name, out var place))
            return place;
        return rules.SkipsOthers ? -1 : throw Unknown(InputError.Text(ref reader), rules);
    }

    /// <summary>Whether there is a column of the name that the reader is on.</summary>
    internal bool Has(ref Utf8JsonReader reader) => JsonTokens.Name(ref reader) is { } name && _names.Value.Places.ContainsKey(name);

    /// <summary>The place of each of the columns that a table has; -1 for one that is skipped.</summary>
    /// <exception cref="InvalidInputException">A column is missing, unknown or there twice.</exception>
    public int[] PlacesOf(IReadOnlyList<string> names, TableRules rules)
    {
        var there = new bool[Features.Count];
        var places = new int[names.Count];
        var others = new List<string>();
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = Find(names[i]);
            if (places[i] < 0 && !rules.SkipsOthers)
                throw Unknown(Printable.Line(names[i], LongestShown), rules);
            if (places[i] < 0)
                others.Add(names[i]);
            else if (there[places[i]])
                throw Twice(Printable.Line(names[i], LongestShown), rules);
            else
                there[places[i]] = true;
        }

        Require(there, others, "", rules);
        return places;
    }

    /// <summary>Refuses a table that lacks columns of the required inputs, or has some of those of an optional one.</summary>
    /// <exception cref="InvalidInputException">It does.</exception>
    internal void Require(bool[] there, IReadOnlyList<string> others, string where, TableRules rules)
    {
        var isGiven = new bool[_widths.Length];
        for (var i = Required; i < there.Length; i++)
            isGiven[At(i).Input] |= there[i];
        if (!Enumerable.Range(0, there.Length).Any(IsMissing))
            return;
        throw new InvalidInputException(rules.Lacking([.. Features.Where((_, i) => IsMissing(i)).Select(feature => feature.Name)], others, where));

        bool IsMissing(int column) => !there[column] && (column < Required || isGiven[At(column).Input]);
    }

    /// <summary>The error of a column that is there twice.</summary>
    internal static InvalidInputException Twice(string name, TableRules rules) => new($"{rules.Member} has {name} twice");

    private InvalidInputException Unknown(string name, TableRules rules) => new($"{rules.Member} has {name}, which is no column of the model; its columns are {List(Features.Select(feature => feature.Name))}");

    /// <summary>Names for a message: all of them, or the first.</summary>
    internal static string List(IEnumerable<string> names)
    {
        var all = names.ToList();
        return all.Count <= MostShown ? string.Join(", ", all) : $"{string.Join(", ", all.Take(MostShown))} and {all.Count - MostShown} more";
    }

    /// <summary>The columns and where they are found.</summary>
    /// <param name="Features">The columns.</param>
    /// <param name="Targets">The input and the place of each; null when they are the features of the only input.</param>
    private sealed record ColumnNames(IReadOnlyList<Feature> Features, (int Input, int Place)[]? Targets)
    {
        public ColumnNames(IEnumerable<string> names, (int Input, int Place)[] targets)
            : this([.. names.Select(name => new Feature { Name = name })], targets)
        {
        }

        public Dictionary<string, int> Places { get; } = PlacesOf(Features);

        private static Dictionary<string, int> PlacesOf(IReadOnlyList<Feature> columns)
        {
            var places = new Dictionary<string, int>(columns.Count, StringComparer.Ordinal);
            for (var i = 0; i < columns.Count; i++)
                places.TryAdd(columns[i].Name, i);
            return places;
        }
    }
}

/// <summary>What is said of a table that is not as the model has it. This is Larder's own rule: a table has the columns of the model and no others.</summary>
public class TableRules
{
    /// <summary>Larder's own rules.</summary>
    public static TableRules Strict { get; } = new();

    /// <summary>What the table is called in messages.</summary>
    public string Member { get; init; } = "values";

    /// <summary>Whether a value may be in a list of its own, and bytes a <see cref="Base64Object"/> (TensorFlow Serving).</summary>
    public bool IsTensorFlow { get; init; }

    /// <summary>Whether columns that the model does not have are skipped.</summary>
    public virtual bool SkipsOthers => false;

    /// <summary>Whether rows whose columns have other names are fed in their order to a model that does not know the names of its columns.</summary>
    public virtual bool TakesNameless => false;

    /// <summary>Whether an integer may be written with a point or an exponent (1.0).</summary>
    public virtual bool TakesWholeFloats => true;

    /// <summary>The message about missing columns.</summary>
    /// <param name="missing">Columns of the model that are not there.</param>
    /// <param name="others">Columns that the model does not have.</param>
    /// <param name="where">Which row, as in ", row 3,"; empty for the whole table.</param>
    public virtual string Lacking(IReadOnlyList<string> missing, IReadOnlyList<string> others, string where) =>
        $"{Member}{where} lacks {(missing.Count == 1 ? "the column" : "the columns")} {FeatureColumns.List(missing)}";

    /// <summary>The message about a value that its column does not take.</summary>
    /// <param name="column">The column.</param>
    /// <param name="token">What the value is in JSON.</param>
    /// <param name="datatype">What the column takes.</param>
    /// <param name="sentence">Larder's own message.</param>
    public virtual string Unfitting(string column, JsonTokenType token, Datatype datatype, string sentence) => sentence;
}
