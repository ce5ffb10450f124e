using Larder.Inference;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Drift.Activities;

/// <summary>Compares the columns of a job's data set with those of its reference, and leaves what it has found as the job's outputs.</summary>
public sealed class CompareDatasets(JobSteps steps, JobFiles files, IArtifactStore artifacts, ScoringLimits limits, TimeProvider time)
{
    private const string Step = "compare";
    private const string Json = "drift.json";
    private const string Csv = "drift.csv";

    // In all columns together: some 32 MB of numbers, and of texts some 100 MB at the most.
    private const int MostNumbers = 4_000_000;
    private const int MostTexts = 400_000;

    /// <summary>Compares; a repetition finds the same.</summary>
    [Function(ActivityNames.CompareDatasets)]
    public async Task<StepResult> Run([ActivityTrigger] string job, CancellationToken cancellationToken)
    {
        var (result, _) = await steps.RunAsync(
            job,
            Step,
            0,
            found => RunAsync(found, cancellationToken),
            (now, made) => made.Report is { } report ? now with { Outputs = report.Outputs, Metrics = report.Metrics } : now,
            made => made.Result.Problem ?? made.Result.Summary,
            cancellationToken: cancellationToken);
        return result;
    }

    private async Task<(StepResult Result, Stored? Report)> RunAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            var report = await CompareAsync(job, cancellationToken);
            JobOutput[] outputs =
            [
                await StoreAsync(job, Json, BinaryData.FromObjectAsJson(report, RegistryJson.Options), cancellationToken),
                await StoreAsync(job, Csv, BinaryData.FromBytes(report.Table()), cancellationToken),
            ];
            return (new StepResult(Summary: report.Sentence()), new Stored(outputs, report.Metrics()));
        }
        catch (JobCanceledException)
        {
            return (StepResult.Canceled, null);
        }
        catch (LarderException e) when (e.IsPermanent)
        {
            return (new StepResult(e.Message), null);
        }
    }

    private async Task<DriftReport> CompareAsync(Job job, CancellationToken cancellationToken)
    {
        var options = JobOptions.Of<DriftOptions>(job);
        var (left, right) = (InputOf(job, DriftSubmitter.Reference), InputOf(job, FoundDataset.InputName));
        var progress = new StepProgress(steps, time, job.Id, Step);
        var reference = await DatasetTable.OpenAsync(artifacts, left, options, limits, cancellationToken);
        var dataset = await DatasetTable.OpenAsync(artifacts, right, options, limits, cancellationToken);
        var columns = Columns(options, reference, dataset);

        // The same sample in each run.
        var random = new Random(0);
        var sketches = columns.Select(_ => new ColumnSketch(Math.Max(MostNumbers / columns.Count, 400), Math.Max(MostTexts / columns.Count, ColumnBins.MostCategories), random)).ToList();
        var read = await reference.ReadAsync(
            columns,
            row =>
            {
                for (var i = 0; i < sketches.Count; i++)
                    sketches[i].Add(row[i]);
            },
            Telling("reference", "read", reference),
            cancellationToken);
        if (read == 0)
            throw new InvalidRequestException("No row of the reference can be read.");
        var bins = sketches.Select(sketch => sketch.ToBins(options.Bins)).ToList();
        var expected = await CountAsync(reference, Telling("reference", "counted", reference));
        var actual = await CountAsync(dataset, Telling("data set", "counted", dataset));
        if (actual.Rows == 0)
            throw new InvalidRequestException("No row of the data set can be read.");

        return new DriftReport
        {
            Model = job.Model,
            Version = job.Version,
            Reference = new ComparedDataset(left.FileName, left.Sha256, expected.Rows, reference.Rows - expected.Rows),
            Dataset = new ComparedDataset(right.FileName, right.Sha256, actual.Rows, dataset.Rows - actual.Rows),
            Threshold = options.Threshold,
            MinColumns = options.MinColumns,
            Columns = [.. columns.Select((name, i) => Compare(name, bins[i], expected.Counts[i], actual.Counts[i], options.Threshold)).OrderByDescending(column => column.Psi).ThenBy(column => column.Name, StringComparer.Ordinal)],
            OnlyInReference = [.. reference.Columns.Except(dataset.Columns)],
            OnlyInDataset = [.. dataset.Columns.Except(reference.Columns)],
        };

        async Task<(long[][] Counts, long Rows)> CountAsync(DatasetTable table, Func<long, Task> told)
        {
            var counts = bins.Select(one => new long[one.Names.Count]).ToArray();
            var rows = await table.ReadAsync(
                columns,
                row =>
                {
                    for (var i = 0; i < counts.Length; i++)
                        counts[i][bins[i].Of(row[i])]++;
                },
                told,
                cancellationToken);
            return (counts, rows);
        }

        Func<long, Task> Telling(string which, string what, DatasetTable table) =>
            rows => progress.NoteAsync(() => FormattableString.Invariant($"{rows} of {table.Rows} rows of the {which} {what}."), cancellationToken);
    }

    private static JobInput InputOf(Job job, string name) =>
        job.Inputs.FirstOrDefault(input => input.Name == name) ?? throw new InvalidOperationException($"The job has no {name}.");

    private static List<string> Columns(DriftOptions options, DatasetTable reference, DatasetTable dataset)
    {
        var columns = options.Columns.Count > 0 ? [.. options.Columns] : reference.Columns.Intersect(dataset.Columns).ToList();
        foreach (var (table, name) in new[] { (reference, "reference"), (dataset, "data set") })
        {
            if (columns.Except(table.Columns).ToList() is { Count: > 0 } missing)
                throw new InvalidRequestException($"The {name} lacks {(missing.Count == 1 ? "the column" : "the columns")} {MessageFormat.List(missing)}; it has {MessageFormat.List(table.Columns)}.");
            if (table.Columns.GroupBy(column => column).Where(group => group.Count() > 1).Select(group => group.Key).Intersect(columns).ToList() is { Count: > 0 } twice)
                throw new InvalidRequestException($"The {name} has more than one column of the name {MessageFormat.List(twice)}.");
        }

        return columns.Count > 0
            ? columns
            : throw new InvalidRequestException($"The data sets have no column in common: the reference has {MessageFormat.List(reference.Columns)}, and the data set has {MessageFormat.List(dataset.Columns)}.");
    }

    private static ComparedColumn Compare(string name, ColumnBins bins, long[] reference, long[] dataset, double threshold)
    {
        var (psi, noise) = (PopulationStability.Index(reference, dataset), PopulationStability.Noise(reference, dataset));
        var (n, m) = ((double)reference.Sum(), (double)dataset.Sum());
        return new ComparedColumn(
            name,
            bins.IsNumeric ? "numeric" : "categorical",
            psi,
            noise,
            psi > threshold && psi > noise,
            [.. bins.Names.Select((bin, i) => new ComparedBin(bin, reference[i] / n, dataset[i] / m))]);
    }

    private async Task<JobOutput> StoreAsync(Job job, string name, BinaryData content, CancellationToken cancellationToken) =>
        new(name, content.ToMemory().Length, null, await files.WriteAsync(job.Id, JobPaths.Outputs(1) + name, content, cancellationToken));

    private sealed record Stored(IReadOnlyList<JobOutput> Outputs, IReadOnlyDictionary<string, double> Metrics);
}
