using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Registry.Jobs;

namespace Larder.Functions.Tests.Jobs;

[Collection(nameof(SharedJobs))]
public sealed class JobExportTests(JobsFixture larder)
{
    private const string Header = "id,type,model,version,state,reason,owner,schedule,created,started,finished,duration_seconds,attempts,metrics";

    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.FromHours(2));

    [Fact]
    public async Task A_file_in_CSV_has_a_row_for_each_job_with_times_in_UTC_and_metrics_as_JSON()
    {
        var job = await larder.AddAsync("export-row", JobState.Succeeded, attempts: 2, change: job => job with
        {
            Version = 3,
            Owner = "ann",
            Reason = "It said \"yes\",\nthen ended.",
            Created = Noon,
            Started = Noon.AddSeconds(1),
            Finished = Noon.AddSeconds(91.5),
            Metrics = new Dictionary<string, double> { ["loss"] = -0.25 },
        });

        using var answer = await larder.Client.GetAsync("/api/v1/jobs/export?model=export-row");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(("text/csv", "attachment", "jobs.csv"), (answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentDisposition!.DispositionType, answer.Content.Headers.ContentDisposition.FileName));
        Assert.Equal(
            $"{Header}\r\n{job.Id},train,export-row,3,succeeded,\"It said \"\"yes\"\",\nthen ended.\",ann,,2026-03-01T10:00:00.0000000Z,2026-03-01T10:00:01.0000000Z,2026-03-01T10:01:31.5000000Z,90.5,2,\"{{\"\"loss\"\":-0.25}}\"\r\n",
            await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("=HYPERLINK(\"http://x\")")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("@SUM(A1)")]
    [InlineData("\t=1")]
    public async Task Text_that_a_spreadsheet_would_run_has_an_apostrophe_in_CSV_and_is_as_it_is_in_JSON(string owner)
    {
        var job = await larder.AddAsync("export-formula", change: job => job with { Owner = owner });
        var filter = $"model=export-formula&text={job.Id}";

        var csv = await larder.Client.GetStringAsync($"/api/v1/jobs/export?{filter}&format=csv");
        var json = JsonNode.Parse(await larder.Client.GetStringAsync($"/api/v1/jobs/export?{filter}&format=json"))!;

        Assert.Contains($",\"'{owner.Replace("\"", "\"\"", StringComparison.Ordinal)}\",", csv, StringComparison.Ordinal);
        Assert.Equal(owner, (string?)json[0]!["owner"]);
    }

    [Fact]
    public async Task A_file_has_all_that_the_filter_matches_the_newest_first_whatever_the_pages_of_the_list()
    {
        var jobs = new List<Job>();
        for (var i = 0; i < 4; i++)
            jobs.Add(await larder.AddAsync("export-filter", i < 3 ? JobState.Failed : JobState.Running));
        string[] failed = [.. jobs.Take(3).Select(job => job.Id).Order(StringComparer.Ordinal)];

        using var answer = await larder.Client.GetAsync("/api/v1/jobs/export?model=export-filter&state=failed&format=json");
        var csv = await larder.Client.GetStringAsync("/api/v1/jobs/export?model=export-filter&state=failed");
        var listed = await larder.Client.GetJsonAsync("/api/v1/jobs?model=export-filter&state=failed&limit=1");

        Assert.Equal(("application/json", "jobs.json"), (answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentDisposition!.FileName));
        var all = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsArray();
        Assert.Equal(failed, all.Select(job => (string)job!["id"]!));
        Assert.Equal(listed.Body["jobs"]![0]!.ToJsonString(), all[0]!.ToJsonString());
        Assert.Equal(failed, csv.Split("\r\n")[1..^1].Select(line => line.Split(',')[0]));
    }

    [Fact]
    public async Task Without_a_job_a_file_has_its_header_or_an_empty_array()
    {
        Assert.Equal($"{Header}\r\n", await larder.Client.GetStringAsync("/api/v1/jobs/export?model=export-none"));
        Assert.Equal("[]", await larder.Client.GetStringAsync("/api/v1/jobs/export?model=export-none&format=json"));
    }

    [Theory]
    [InlineData("format=xlsx", "format must be csv or json.")]
    [InlineData("limit=5", "The parameter 'limit' is not known here; format, state, type, owner, model, schedule, text, from, to are.")]
    [InlineData("state=over", "state must be one or more")]
    [InlineData("format=csv&format=json", "The parameter format is given 2 times; once is enough.")]
    public async Task A_query_that_cannot_be_meant_is_422(string query, string sentence)
    {
        var answer = await larder.Client.GetJsonAsync($"/api/v1/jobs/export?{query}");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.StartsWith(sentence, answer.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HEAD_has_the_headers_alone()
    {
        using var answer = await larder.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/api/v1/jobs/export?format=json"));

        Assert.Equal((HttpStatusCode.OK, "jobs.json"), (answer.StatusCode, answer.Content.Headers.ContentDisposition!.FileName));
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }
}
