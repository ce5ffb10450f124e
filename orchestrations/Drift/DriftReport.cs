using System.Buffers;
using System.Globalization;
using System.Text;
using Larder.Inference.Rows;
using Larder.Registry.Jobs;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Drift;

/// <summary>What a comparison has found, as its output <c>drift.json</c> has it.</summary>
internal sealed record DriftReport
{
    private const int MostNamed = 10;

    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>The version.</summary>
    public required int? Version { get; init; }

    /// <summary>What was compared with.</summary>
    public required ComparedDataset Reference { get; init; }

    /// <summary>What was compared.</summary>
    public required ComparedDataset Dataset { get; init; }

    /// <summary>As <see cref="DriftOptions.Threshold"/>.</summary>
    public required double Threshold { get; init; }

    /// <summary>As <see cref="DriftOptions.MinColumns"/>.</summary>
    public required int MinColumns { get; init; }

    /// <summary>Whether the data has drifted.</summary>
    public bool Drift => Drifted.Count >= MinColumns;

    /// <summary>The columns, those with the largest index first.</summary>
    public required IReadOnlyList<ComparedColumn> Columns { get; init; }

    /// <summary>Columns that the data set lacks.</summary>
    public required IReadOnlyList<string> OnlyInReference { get; init; }

    /// <summary>Columns that the reference lacks.</summary>
    public required IReadOnlyList<string> OnlyInDataset { get; init; }

    private List<ComparedColumn> Drifted => [.. Columns.Where(column => column.Drifted)];

    /// <summary>It in a sentence.</summary>
    public string Sentence()
    {
        var drifted = Drifted;
        if (drifted.Count == 0)
            return FormattableString.Invariant($"No drift: of {MessageFormat.Count(Columns.Count, "column")} {Quoted.Text(Columns[0].Name)} has the largest PSI, {Columns[0].Psi:F3}.");
        var named = string.Join(", ", drifted.Take(MostNamed).Select(column => FormattableString.Invariant($"{Quoted.Text(column.Name)} (PSI {column.Psi:F3})")));
        var few = Drift ? "" : $", fewer than min_columns ({MinColumns})";
        return $"{drifted.Count} of {MessageFormat.Count(Columns.Count, "column")} {(drifted.Count == 1 ? "has" : "have")} drifted{few}: {named}{(drifted.Count > MostNamed ? ", ..." : "")}.";
    }

    /// <summary>It as the job's metrics.</summary>
    public IReadOnlyDictionary<string, double> Metrics() => new Dictionary<string, double>
    {
        [DriftVerdict.Metric] = Drift ? 1 : 0,
        ["columns"] = Columns.Count,
        ["drifted_columns"] = Drifted.Count,
        ["max_psi"] = Columns[0].Psi,
        ["reference_rows"] = Reference.Rows,
        ["rows"] = Dataset.Rows,
        ["errors"] = Dataset.Errors,
    };

    /// <summary>A line for each column, as the output <c>drift.csv</c> has it.</summary>
    public ReadOnlyMemory<byte> Table()
    {
        var table = new ArrayBufferWriter<byte>();
        table.Write("column,kind,psi,noise,drifted,reference_missing,dataset_missing\n"u8);
        foreach (var column in Columns)
        {
            DelimitedText.Write(Encoding.UTF8.GetBytes(column.Name), (byte)',', table);
            table.Write(Encoding.UTF8.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $",{column.Kind},{column.Psi:F6},{column.Noise:F6},{(column.Drifted ? "true" : "false")},{column.Bins[0].Reference:F6},{column.Bins[0].Dataset:F6}\n")));
        }

        return table.WrittenMemory;
    }
}

/// <summary>A data set of a comparison.</summary>
/// <param name="FileName">What it is called.</param>
/// <param name="Sha256">SHA-256 of its bytes.</param>
/// <param name="Rows">Rows that were compared.</param>
/// <param name="Errors">Rows that could not be read.</param>
internal sealed record ComparedDataset(string FileName, string Sha256, long Rows, long Errors);

/// <summary>A column in both data sets.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind"><c>numeric</c> or <c>categorical</c>, by the reference.</param>
/// <param name="Psi">The population stability index.</param>
/// <param name="Noise">What chance alone exceeds in one of a hundred cases.</param>
/// <param name="Drifted">Whether the index is above both that and the threshold.</param>
/// <param name="Bins">The bins; the first is for what is missing.</param>
internal sealed record ComparedColumn(string Name, string Kind, double Psi, double Noise, bool Drifted, IReadOnlyList<ComparedBin> Bins);

/// <summary>A bin of a column.</summary>
/// <param name="Bin">Which values are in it.</param>
/// <param name="Reference">Their share of the reference, 0 to 1.</param>
/// <param name="Dataset">Their share of the data set, 0 to 1.</param>
internal sealed record ComparedBin(string Bin, double Reference, double Dataset);
