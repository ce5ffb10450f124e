using System.Text.Unicode;
using CsvHelper;
using Larder.Functions.Http;
using Larder.Inference;
using Larder.Inference.Rows;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Orchestrations;
using Larder.Orchestrations.Scoring.Rows;
using Larder.Registry.Errors;
using Larder.Registry.Text;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.Prediction;

/// <summary>How a CSV body is read: the options that batch inference has, too.</summary>
/// <param name="HasHeader">Whether the first row has the names of the columns; without it, they are fed in their order.</param>
/// <param name="ByPosition">Whether columns are fed in their order, whatever they are called.</param>
internal readonly record struct CsvOptions(bool HasHeader, bool ByPosition)
{
    /// <summary>Names of the query parameters.</summary>
    public const string Header = "header";

    /// <inheritdoc cref="Header"/>
    public const string Position = "by_position";

    /// <summary>The media type of CSV.</summary>
    public const string MediaType = "text/csv";

    /// <summary>Whether a request says that its body is CSV.</summary>
    public static bool IsCsv(HttpRequest request) =>
        request.ContentType is { } type && type.StartsWith(MediaType, StringComparison.OrdinalIgnoreCase) && (type.Length == MediaType.Length || type[MediaType.Length] is ';' or ' ');

    /// <summary>The options of a request.</summary>
    /// <exception cref="InvalidRequestException">A value is neither true nor false, or the body is not CSV.</exception>
    public static CsvOptions Of(HttpRequest request)
    {
        if (!request.QueryString.HasValue)
            return new CsvOptions(HasHeader: true, ByPosition: false);
        if ((request.Query.ContainsKey(Header) || request.Query.ContainsKey(Position)) && !IsCsv(request))
            throw new InvalidRequestException($"{Header} and {Position} say how CSV is read; this body is not {MediaType}.");
        return new CsvOptions(request.Flag(Header, absent: true), request.Flag(Position));
    }
}

/// <summary>Reads a table in CSV (RFC 4180), with a row for each row of the model's inputs.</summary>
internal static class CsvTable
{
    private const char Delimiter = ',';

    /// <summary>Reads the body of a request into the inputs of a model.</summary>
    /// <param name="csv">The body, in UTF-8.</param>
    /// <param name="options">How it is read.</param>
    /// <param name="inputs">The inputs to fill.</param>
    /// <param name="signature">The model's signature.</param>
    /// <param name="columns">The named columns, if the model has any.</param>
    /// <param name="rules">What is said of columns that are not the model's.</param>
    /// <param name="cancellationToken">Ends the wait for memory.</param>
    /// <exception cref="InvalidInputException">The columns or the values do not fit the model.</exception>
    /// <exception cref="InvalidRequestException">It is not text in UTF-8, or a quote is not closed.</exception>
    /// <exception cref="MemoryBusyException">Other requests hold the memory.</exception>
    public static async ValueTask ReadAsync(
        ReadOnlyMemory<byte> csv, CsvOptions options, PredictionInputs inputs, ModelSignature signature, FeatureColumns? columns, TableRules rules, CancellationToken cancellationToken)
    {
        if (csv.Span.Contains((byte)0))
            throw new InvalidRequestException("The CSV has a NUL, which no text may have.");
        if (!Utf8.IsValid(csv.Span))
            throw new InvalidRequestException($"The CSV is not text in UTF-8: byte {JsonText.FirstInvalid(csv.Span)} does not belong there.");
        if (CsvText.EndsInQuotes(csv.Span, Delimiter))
            throw new InvalidRequestException("The CSV ends within quotes: a quote is not closed.");
        await inputs.ReserveRowsAsync(csv.Span, (byte)Delimiter, cancellationToken);
        Read(csv, options, inputs, signature, columns, rules);
    }

    private static void Read(ReadOnlyMemory<byte> csv, CsvOptions options, PredictionInputs inputs, ModelSignature signature, FeatureColumns? columns, TableRules rules)
    {
        using var reader = CsvText.Reader(csv, Delimiter);
        if (!reader.Read())
            throw new InvalidRequestException("The CSV is empty.");
        var count = reader.FieldCount;
        string[] names = [.. Enumerable.Range(0, count).Select(i => options.HasHeader ? reader.GetString(i) : FormattableString.Invariant($"{i + 1}"))];
        var feeds = options.HasHeader && !options.ByPosition ? ByName(names, signature, columns, rules) : ByPosition(count, signature);
        inputs.Clear();
        var rows = 0;
        for (var more = !options.HasHeader || reader.Read(); more; more = reader.Read(), rows++)
        {
            if (reader.FieldCount != count)
                throw new InvalidInputException($"Row {rows} has {MessageFormat.Count(reader.FieldCount, "field")}, and the {(options.HasHeader ? "header" : "first row")} has {MessageFormat.Count(count, "column")}.");
            Feed(reader, rows, names, feeds, inputs, columns);
        }

        for (var input = 0; input < feeds.Length; input++)
        {
            if (feeds[input].Length > 0)
                inputs.EndRows(input, rows, feeds[input].Length);
        }
    }

    private static void Feed(CsvReader reader, int row, string[] names, int[][] feeds, PredictionInputs inputs, FeatureColumns? columns)
    {
        for (var input = 0; input < feeds.Length; input++)
        {
            for (var place = 0; place < feeds[input].Length; place++)
            {
                var column = feeds[input][place];
                if (inputs.AddText(input, place, reader.GetSpan(column), columns) is { } problem)
                    throw new InvalidInputException($"Row {row}, column '{RequestText.Shown(names[column])}': {problem}.");
            }
        }
    }

    // For each input, the places of its columns in a row.
    private static int[][] ByName(string[] names, ModelSignature signature, FeatureColumns? columns, TableRules rules)
    {
        columns = columns?.In(names, rules);
        if (columns is not null && (!columns.IsDerived || signature.Inputs.Count > 1 || names.Any(name => columns.Find(name) >= 0)))
            return columns.FeedsOf(names, rules);
        return rules.TakesNameless ? ByPosition(names.Length, signature) : throw new InvalidInputException(
            $"The model takes {Described(signature)}, and does not know the names of its columns: send ?{CsvOptions.Position}=true if the columns are in the model's order, or give the version features.");
    }

    private static int[][] ByPosition(int count, ModelSignature signature)
    {
        var widths = ColumnFeeds.Widths(signature.Inputs, count) ?? throw new InvalidInputException($"The model takes {Described(signature)}, and the CSV has {MessageFormat.Count(count, "column")}.");
        var at = 0;
        return [.. widths.Select(width => Enumerable.Range((at += width) - width, width).ToArray())];
    }

    private static string Described(ModelSignature signature) => signature.Inputs.Count == 0 ? "nothing" : string.Join(", ", signature.Inputs.Select(input => $"{input.Name} {input.TypeName}"));
}
