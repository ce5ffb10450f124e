using System.Text.Json;
using CsvHelper;
using Larder.Contracts;
using Larder.Functions.Http;

namespace Larder.Functions.Jobs;

/// <summary>Writes jobs as a file, one after the other, so that a long list needs no more memory than a short one.</summary>
internal static class JobExport
{
    // ISO 8601 with the Z of UTC, which spreadsheets and data frames read as a time.
    private const string Time = "O";

    // Text that a spreadsheet would take for a formula gets an apostrophe before it; numbers and times do not.
    private static readonly CsvWriterOptions Options = new() { Injection = CsvInjection.Escape };

    /// <summary>The formats, by the name that <c>?format=</c> has for them.</summary>
    public static IReadOnlyDictionary<string, (string ContentType, Func<IAsyncEnumerable<JobDetails>, Stream, CancellationToken, Task> WriteAsync)> Formats { get; } =
        new Dictionary<string, (string, Func<IAsyncEnumerable<JobDetails>, Stream, CancellationToken, Task>)>
        {
            ["csv"] = ("text/csv; charset=utf-8", WriteCsvAsync),
            ["json"] = ("application/json; charset=utf-8", (jobs, destination, cancellationToken) => JsonSerializer.SerializeAsync(destination, jobs, Json.Options, cancellationToken)),
        };

    // Metrics are one column, since jobs have different ones, and the header is written before the jobs are read.
    private static async Task WriteCsvAsync(IAsyncEnumerable<JobDetails> jobs, Stream destination, CancellationToken cancellationToken)
    {
        await using var csv = CsvWriter.Create(destination, Options, leaveOpen: true);
        await csv.WriteRecordAsync(
            ["id", "type", "model", "version", "state", "reason", "owner", "schedule", "created", "started", "finished", "duration_seconds", "attempts", "metrics"], cancellationToken);
        await foreach (var job in jobs.WithCancellation(cancellationToken))
        {
            csv.WriteField(job.Id);
            csv.WriteField(job.Type);
            csv.WriteField(job.Model);
            csv.WriteField(job.Version);
            csv.WriteField(job.State);
            csv.WriteField(job.Reason);
            csv.WriteField(job.Owner);
            csv.WriteField(job.Schedule);
            csv.WriteField(job.Created.UtcDateTime, Time);
            csv.WriteField(job.Started?.UtcDateTime, Time);
            csv.WriteField(job.Finished?.UtcDateTime, Time);
            csv.WriteField((job.Finished - job.Started)?.TotalSeconds);
            csv.WriteField(job.Attempts.Count);
            csv.WriteField(JsonSerializer.Serialize(job.Metrics, Json.Options));
            await csv.EndRecordAsync(cancellationToken);
        }
    }
}
