using System.Globalization;
using System.Text.Json;
using Larder.Inference;
using Larder.Inference.Rows;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Orchestrations.Scoring.Rows;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Scoring;

/// <summary>Finds out from the beginning of a data set how it can be scored with a model.</summary>
/// <param name="options">What was asked for.</param>
/// <param name="format">What the data set is.</param>
/// <param name="limits">How much of everything.</param>
internal sealed class DatasetPlanner(ScoreOptions options, DatasetFormat format, ScoringLimits limits)
{
    /// <summary>Rows that are tried to see what the model gives.</summary>
    private const int SampleRows = 100;

    private static readonly char[] Delimiters = [',', ';', '\t', '|'];

    /// <summary>Plans.</summary>
    /// <param name="head">The first bytes, as many as a row and a byte order mark may have, or all there are.</param>
    /// <param name="size">Bytes of the data set.</param>
    /// <param name="model">The model.</param>
    /// <param name="features">The names of its columns, if it has any.</param>
    /// <param name="labels">The names of its classes, if it has any.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">It cannot be scored: why.</exception>
    public async Task<ScoringPlan> PlanAsync(
        ReadOnlyMemory<byte> head, long size, LoadedModel model, IReadOnlyList<Feature> features, IReadOnlyList<string> labels, CancellationToken cancellationToken)
    {
        var (members, dataStart) = DatasetHead.Read(head, size, format, limits);
        var names = members.Select(member => member.Name).ToList();
        RequireThere(names);
        var columns = FeatureColumns.Of(features, model.Signature);
        var feeds = Feeds(model.Signature, columns, members);
        var plan = new ScoringPlan
        {
            Format = format.IsCsv ? ScoreOptions.Csv : ScoreOptions.Jsonl,
            Delimiter = format.Delimiter,
            Header = names,
            HasHeader = options.Header,
            Feeds = feeds,
            ByFeatures = columns is not null && feeds is [{ IsWhole: false } feed] && feed.Columns.SequenceEqual(features.Select(feature => feature.Name)),
            Features = features,
            Labels = labels,
            LabelColumn = ClassLabels.Of(labels, model.Signature) is { } named && Wanted(model.Signature).Contains(named.Output) ? "class_name" : null,
            Keep = options.Keep,
            Outputs = [.. Wanted(model.Signature).Select(output => new ScoreColumn(output, RowLayout.Of(model.Signature.Outputs[output]), [model.Signature.Outputs[output].Name]))],
            VersionColumn = "model_version",
            ErrorColumn = "error",
            DataStart = dataStart,
        };
        RequireFitting(plan, model.Signature);
        var layouts = await LayoutsAsync(plan, head[(int)plan.DataStart..], model, cancellationToken);
        return Named(plan, layouts, model.Signature);
    }

    private void RequireThere(List<string> names)
    {
        var missing = options.Columns.Concat(options.Keep).Except(names).ToList();
        if (missing.Count > 0)
        {
            throw new InvalidRequestException(
                $"The data set lacks {(missing.Count == 1 ? "the column" : "the columns")} {MessageFormat.List(missing)}; it has {MessageFormat.List(names)}.{OtherDelimiter(names)}");
        }

        var twice = options.Columns.Concat(options.Keep).Where(name => names.Count(other => other == name) > 1).Distinct().ToList();
        if (twice.Count > 0)
            throw new InvalidRequestException($"The data set has more than one column of the name {MessageFormat.List(twice)}.");
    }

    private List<InputMapping> Feeds(ModelSignature signature, FeatureColumns? features, IReadOnlyList<(string Name, JsonTokenType Kind)> members)
    {
        var inputs = signature.Inputs;
        var kinds = members.GroupBy(member => member.Name).ToDictionary(group => group.Key, group => group.First().Kind, StringComparer.Ordinal);
        if (options.Columns.Count > 0 && options.Columns.Count == inputs.Count && options.Columns.All(column => kinds[column] == JsonTokenType.StartArray))
            return [.. options.Columns.Select(column => new InputMapping([column], IsWhole: true))];
        var isOrdered = options.ByPosition || !options.Header;
        if (options.Columns.Count > 0)
            return features is null || isOrdered ? Distributed(inputs, options.Columns, "'columns' names") : [ByName(inputs[0], features, options.Columns)];

        var left = members.Select(member => member.Name).Except(options.Keep).ToList();
        if (isOrdered)
            return Distributed(inputs, left, "the data set has to feed");
        var named = inputs.Select(input => Called(input, kinds)).ToList();
        if (named.All(feed => feed is not null))
            return named!;
        if (features is not null)
            return [ByName(inputs[0], features, left)];
        throw new InvalidRequestException(inputs.Count == 1 && left.Count > 0 && RowShape.Fits(inputs[0], left.Count) ? Nameless(inputs[0], left) : Unfitting(inputs, left));
    }

    private InputMapping ByName(ValueSignature input, FeatureColumns features, IReadOnlyList<string> columns)
    {
        var names = features.Features.Select(feature => feature.Name).ToList();
        var missing = names.Except(columns).ToList();
        var unknown = columns.Except(names).ToList();
        if (missing.Count == 0 && unknown.Count == 0)
            return new InputMapping(names);
        if (missing.Count > 0 && HasNoHeader(columns))
            throw new InvalidRequestException(NoHeader(columns));
        var lacking = missing.Count == 0 ? "" : $" It lacks {MessageFormat.List(missing)}.";
        var others = unknown.Count == 0 ? "" : $" {MessageFormat.List(unknown)} {(unknown.Count == 1 ? "is no column" : "are no columns")} of the model: name those to repeat in 'keep'.";
        var ordered = RowShape.Fits(input, columns.Count) ? " If the columns are the model's in its order, say by_position: true." : "";
        throw new InvalidRequestException(
            $"The columns of the data set are not the model's: the model takes {MessageFormat.List(names)}, and the data set has {MessageFormat.List(columns)} to feed.{lacking}{others}{ordered}{OtherDelimiter(columns)}");
    }

    private string Nameless(ValueSignature input, List<string> left) => HasNoHeader(left) ? NoHeader(left)
        : $"The model takes {MessageFormat.Count(left.Count, "value")} a row ({Described([input])}), whose names it does not know; the data set has {MessageFormat.List(left)} to feed. " +
          "If they are in the model's order, say by_position: true; or give the version 'features', the names of its columns in their order.";

    private string Unfitting(IReadOnlyList<ValueSignature> inputs, List<string> left)
    {
        var wanted = inputs.Count == 1 && RowShape.WidthOf(inputs[0]) is >= 0 and var width
            ? $"The model takes {MessageFormat.Count(width, "value")} a row ({Described(inputs)})"
            : $"The model takes {Described(inputs)}";
        return $"{wanted}, and the data set has {MessageFormat.Count(left.Count, "column")} to feed: {MessageFormat.List(left)}. Name those to feed in 'columns', and those to repeat in 'keep'.{OtherDelimiter(left)}";
    }

    private bool HasNoHeader(IReadOnlyList<string> names) =>
        format.IsCsv && names.Count > 0 && names.All(name => double.TryParse(name, NumberStyles.Float, CultureInfo.InvariantCulture, out _));

    private static string NoHeader(IReadOnlyList<string> names) =>
        $"The first row has only numbers ({MessageFormat.List(names)}), where the names of the columns belong. If the file has no header, say header: false: its columns are then fed in their order.";

    private static InputMapping? Called(ValueSignature input, Dictionary<string, JsonTokenType> kinds) =>
        kinds.TryGetValue(input.Name, out var kind) && kind == JsonTokenType.StartArray ? new InputMapping([input.Name], IsWhole: true)
            : ColumnFeeds.Named(input, kinds.Keys.ToHashSet(StringComparer.Ordinal)) is { } columns ? new InputMapping(columns)
            : null;

    private static List<InputMapping> Distributed(IReadOnlyList<ValueSignature> inputs, IReadOnlyList<string> columns, string what)
    {
        var widths = ColumnFeeds.Widths(inputs, columns.Count)
            ?? throw new InvalidRequestException($"The model takes {Described(inputs)}, and {what} {MessageFormat.Count(columns.Count, "column")}.");
        var feeds = new List<InputMapping>();
        var at = 0;
        foreach (var width in widths)
        {
            feeds.Add(new InputMapping([.. columns.Skip(at).Take(width)]));
            at += width;
        }

        return feeds;
    }

    private static void RequireFitting(ScoringPlan plan, ModelSignature signature)
    {
        var taken = plan.Feeds.SelectMany(feed => feed.Columns).ToList();
        var twice = taken.Where(name => plan.Header.Count(other => other == name) > 1).Distinct().ToList();
        if (twice.Count > 0)
            throw new InvalidRequestException($"The data set has more than one column of the name {MessageFormat.List(twice)}.");
        if (signature.Inputs.Count == 0)
            throw new InvalidRequestException("The model has no inputs: there is nothing to score.");
        var optional = signature.OptionalInputs.Select(input => input.Name).Intersect(plan.Header).Except(taken).Except(plan.Keep).ToList();
        if (optional.Count > 0)
        {
            throw new InvalidRequestException(
                $"The data set has {MessageFormat.List(optional)}, which is an optional input of the model and no column: batch inference runs with the value in the model's file. Take it out, or name it in 'keep'.");
        }
    }

    private IEnumerable<int> Wanted(ModelSignature signature)
    {
        var names = signature.Outputs.Select(output => output.Name).ToList();
        return options.Outputs.Count == 0 ? Enumerable.Range(0, names.Count) : options.Outputs.Select(name => names.IndexOf(name));
    }

    /// <summary>What the model gives: only a run can tell how many values, and which keys.</summary>
    private static async Task<Dictionary<int, RowLayout>> LayoutsAsync(ScoringPlan plan, ReadOnlyMemory<byte> bytes, LoadedModel model, CancellationToken cancellationToken)
    {
        using var rows = plan.Open(bytes, model.Signature);
        using var batch = plan.Batch(model);
        for (var row = 0; row < SampleRows && rows.Next(); row++)
        {
            batch.Clear();
            if (rows.Feed(batch) is not null)
                continue;
            batch.EndRow();
            try
            {
                using var outputs = await batch.RunAsync(cancellationToken);
                return plan.Outputs.ToDictionary(column => column.Output, column => outputs.LayoutOf(column.Output, 1));
            }
            catch (InvalidInputException)
            {
                // Another row may do.
            }
        }

        return [];
    }

    private ScoringPlan Named(ScoringPlan plan, Dictionary<int, RowLayout> layouts, ModelSignature signature)
    {
        var taken = new HashSet<string>(plan.Keep, StringComparer.Ordinal);
        var outputs = new List<ScoreColumn>();
        foreach (var column in plan.Outputs)
        {
            var name = signature.Outputs[column.Output].Name;
            var layout = layouts.GetValueOrDefault(column.Output, column.Layout);
            // An output without values in the first row may have some in others.
            if (layout.Count == 0)
                layout = RowLayout.Json;
            if (format.IsCsv && layout.Count > limits.Columns)
                throw new InvalidRequestException($"The output {name} has {layout.Count} values a row; csv may have {limits.Columns} (Limits:Scoring:Columns). Take jsonl, or choose other outputs.");
            IEnumerable<string> names = !format.IsCsv || layout.Kind == RowLayoutKind.Json || layout is { Kind: RowLayoutKind.Values, Count: 1 }
                ? [name]
                : layout.Keys?.Select(key => $"{name}_{key}") ?? Enumerable.Range(0, layout.Count).Select(i => FormattableString.Invariant($"{name}_{i}"));
            outputs.Add(new ScoreColumn(column.Output, layout, [.. names.Select(Free)]));
        }

        return plan with { Outputs = outputs, LabelColumn = plan.LabelColumn is { } label ? Free(label) : null, VersionColumn = Free(plan.VersionColumn), ErrorColumn = Free(plan.ErrorColumn) };

        string Free(string name)
        {
            while (!taken.Add(name))
                name += "_";
            return name;
        }
    }

    private string OtherDelimiter(IReadOnlyList<string> names) =>
        format.IsCsv && names is [{ } only] && Delimiters.FirstOrDefault(other => other != format.Delimiter && only.Contains(other)) is not '\0' and var better
            ? $" Is the delimiter {(better == '\t' ? "a tab" : $"'{better}'")}, and not {(format.Delimiter == '\t' ? "a tab" : $"'{format.Delimiter}'")}?"
            : "";

    private static string Described(IEnumerable<ValueSignature> inputs) => string.Join(", ", inputs.Select(input => $"{input.Name} {input.TypeName}"));
}
