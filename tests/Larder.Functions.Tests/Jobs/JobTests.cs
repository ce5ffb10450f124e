using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Functions.Tests.Hosting;
using Larder.Orchestrations.Training;
using Larder.Registry.Jobs;
using Larder.Testing;

namespace Larder.Functions.Tests.Jobs;

[Collection(nameof(SharedJobs))]
public sealed class JobTests(JobsFixture larder)
{
    [Fact]
    public async Task A_job_is_shown_as_it_is_stored_but_for_how_it_is_run()
    {
        var job = await larder.AddAsync("job-shown", JobState.Failed, change: job => job with
        {
            Reason = "The script ended with exit code 3.",
            ExitCode = 3,
            Options = JsonSerializer.SerializeToElement(new { environment = new { TOKEN = new { secret = "***" } } }),
            Inputs = [new JobInput("script", "train.py", new string('a', 64), 12)],
            Steps = [new JobStep("stage", 1, job.Created, job.Created, "2 inputs.")],
        });

        var answer = await larder.Client.GetJsonAsync($"/api/v1/jobs/{job.Id}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var shown = answer.Body["job"]!;
        Assert.Equal((job.Id, "failed", 3, "train"), ((string?)shown["id"], (string?)shown["state"], (int)shown["exit_code"]!, (string?)shown["type"]));
        Assert.Equal("2 inputs.", (string?)shown["steps"]![0]!["detail"]);
        Assert.Equal("train.py", (string?)shown["inputs"]![0]!["file_name"]);
        Assert.Equal("***", (string?)shown["options"]!["environment"]!["TOKEN"]!["secret"]);
        Assert.DoesNotContain("instance_id", answer.Body.ToJsonString());
    }

    [Fact]
    public async Task Jobs_that_are_not_over_are_in_the_metrics_after_the_next_look()
    {
        await larder.AddAsync("job-metered", JobState.Running);

        // The timer fires each minute. Jobs of other tests of this fixture are counted, too.
        var text = "";
        await Eventually.TrueAsync(async () => Regex.IsMatch(text = await larder.Client.GetStringAsync("/metrics"), "(?m)^larder_jobs_active\\{state=\"running\",type=\"train\"\\} [1-9]"));

        Assert.Matches("(?m)^larder_jobs_active\\{state=\"queued\",type=\"train\"\\} [0-9]", text);
        Assert.Matches("(?m)^larder_jobs_queue_age_seconds\\{type=\"train\"\\} [0-9]", text);
        Assert.Contains("# TYPE larder_jobs_active gauge", text);
    }

    [Fact]
    public async Task A_job_whose_orchestration_has_not_begun_has_no_status()
    {
        var job = await larder.AddAsync("job-accepted", JobState.Queued);

        var answer = await larder.Client.GetJsonAsync($"/api/v1/jobs/{job.Id}");

        Assert.Equal((HttpStatusCode.OK, "queued"), (answer.Status, (string?)answer.Body["job"]!["state"]));
        Assert.False(answer.Body["job"]!.AsObject().ContainsKey("status"));
    }

    [Theory]
    [InlineData("0000000000000000")]
    [InlineData("no-job")]
    [InlineData("..%2Fmodels%2Fx")]
    public async Task What_is_no_job_is_404_on_every_route(string id)
    {
        foreach (var path in new[] { "", "/logs", "/outputs", "/outputs/x" })
        {
            var answer = await larder.Client.GetJsonAsync($"/api/v1/jobs/{id}{path}");
            Assert.Equal((HttpStatusCode.NotFound, 404), (answer.Status, answer.Code));
        }
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/jobs/{id}")).Status);
    }

    [Fact]
    public async Task A_list_filters_counts_and_pages_the_newest_first()
    {
        var jobs = new List<Job>();
        for (var i = 0; i < 5; i++)
            jobs.Add(await larder.AddAsync("job-list", i < 3 ? JobState.Succeeded : JobState.Failed, change: job => job with { Created = job.Created.AddDays(-i), Owner = "list-ann" }));
        string[] newestFirst = [.. jobs.Select(job => job.Id).Order(StringComparer.Ordinal)];

        var first = await larder.Client.GetJsonAsync("/api/v1/jobs?model=job-list&limit=3");
        var second = await larder.Client.GetJsonAsync($"/api/v1/jobs?model=job-list&limit=3&cursor={first.Body["next_cursor"]}");

        Assert.Equal((5, 5), ((int)first.Body["total"]!, (int)second.Body["total"]!));
        Assert.Equal(newestFirst, Ids(first).Concat(Ids(second)));
        Assert.Null(second.Body["next_cursor"]);
        Assert.Null(first.Body["jobs"]![0]!["steps"]);
        Assert.Equal(2, await TotalAsync("model=job-list&state=failed"));
        Assert.Equal(5, await TotalAsync("model=job-list&state=failed,succeeded&type=train"));
        Assert.Equal(1, await TotalAsync($"text={jobs[2].Id.ToUpperInvariant()}"));
        Assert.Equal(2, await TotalAsync($"model=job-list&from={Uri.EscapeDataString(jobs[1].Created.ToString("O"))}"));
        Assert.Equal(3, await TotalAsync($"model=job-list&to={jobs[1].Created.UtcDateTime:O}"));
        Assert.Equal(0, await TotalAsync("model=job-list&to=2020-01-31"));
        // A date as the end is that whole day, in UTC unless it has an offset.
        var day = jobs[1].Created.UtcDateTime;
        Assert.Equal(1, await TotalAsync($"model=job-list&from={day:yyyy-MM-dd}&to={day:yyyy-MM-dd}"));
        Assert.Equal(1, await TotalAsync($"model=job-list&from={day:yyyy-MM-dd}Z&to={day:yyyy-MM-dd}Z"));
        var begin = new DateTimeOffset(day.Year, day.Month, day.Day, 0, 0, 0, TimeSpan.FromHours(14));
        Assert.Equal(jobs.Count(job => job.Created >= begin && job.Created < begin.AddDays(1)), await TotalAsync($"model=job-list&from={day:yyyy-MM-dd}%2B14:00&to={day:yyyy-MM-dd}%2B14:00"));
        Assert.Equal(0, await TotalAsync($"model=job-list&from={day.AddDays(3):yyyy-MM-dd}%2B14:00"));
        Assert.Equal(5, await TotalAsync("model=job-list&to=9999-12-31"));
        Assert.Equal(5, await TotalAsync("model=job-list&type=score,train"));
        Assert.Equal(5, await TotalAsync("model=job-list&type=score&type=train&state=failed&state=succeeded"));
        Assert.Equal(0, await TotalAsync("model=job-list&type=score"));
        Assert.Equal((5, 0), (await TotalAsync("model=job-list&owner=x&owner=list-ann"), await TotalAsync("model=job-list&owner=x")));
    }

    [Theory]
    [InlineData("state=over")]
    [InlineData("state=1")]
    [InlineData("state=failed,")]
    [InlineData("type=bake")]
    [InlineData("type=train,bake")]
    [InlineData("model=no/model")]
    [InlineData("from=yesterday")]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=1&limit=2")]
    [InlineData("cursor=x")]
    [InlineData("status=failed")]
    public async Task A_query_that_cannot_be_meant_is_422(string query)
    {
        var answer = await larder.Client.GetJsonAsync($"/api/v1/jobs?{query}");

        Assert.Equal((HttpStatusCode.UnprocessableEntity, 422), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task A_parameter_that_a_route_does_not_know_is_422()
    {
        var job = await larder.AddAsync("job-parameter");

        foreach (var path in new[] { "/api/v1/job-types", $"/api/v1/jobs/{job.Id}", $"/api/v1/jobs/{job.Id}/logs", $"/api/v1/jobs/{job.Id}/outputs" })
        {
            var answer = await larder.Client.GetJsonAsync($"{path}?tail=5");
            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
            Assert.Contains("'tail' is not known", answer.Description);
        }
    }

    [Fact]
    public async Task Only_a_job_that_is_over_can_be_deleted_and_its_files_go_with_it()
    {
        var job = await larder.AddAsync("job-deleted");
        await larder.LeaveAsync(job, "x", [1]);

        var refused = await larder.Client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/jobs/{job.Id}");
        Assert.Equal((HttpStatusCode.Conflict, 409), (refused.Status, refused.Code));
        Assert.NotNull(await larder.Files.GetPropertiesAsync(job.Id, "attempt-1/outputs/x"));

        await larder.Jobs.UpdateAsync(job.Id, read => read with { State = JobState.Canceled });
        Assert.Equal(HttpStatusCode.OK, (await larder.Client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/jobs/{job.Id}")).Status);

        Assert.Null(await larder.Files.GetPropertiesAsync(job.Id, "attempt-1/outputs/x"));
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync($"/api/v1/jobs/{job.Id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/jobs/{job.Id}")).Status);
    }

    [Fact]
    public async Task Job_types_come_with_the_schema_that_requests_are_checked_by()
    {
        var answer = await larder.Client.GetJsonAsync("/api/v1/job-types");

        var types = answer.Body["job_types"]!.AsArray();
        Assert.Superset(new HashSet<string?> { "train", "ingest", "upload", "dataset", "score", "drift", "export", "import" }, types.Select(type => (string?)type!["type"]).ToHashSet());
        var type = types.Single(type => (string?)type!["type"] == "train")!;
        Assert.Equal(("train", "POST /api/v1/train/{model}"), ((string?)type["type"], (string?)type["submit"]));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(TrainOptions.Schema.Json.GetRawText()), type["options"]));
        foreach (var one in types)
        {
            // The schedule of a type that cannot be scheduled is refused with the reason that stands here; all others are asked for what they need.
            var refused = await larder.Client.SendJsonAsync(
                HttpMethod.Post, "/api/v1/schedules", $$$"""{"name": "x", "cron": "* * * * *", "job": {"type": "{{{one!["type"]}}}", "model": "no-such"}}""");
            Assert.Equal(422, refused.Code);
            Assert.Equal((bool)one["schedulable"]!, !refused.Description.Contains("cannot be scheduled", StringComparison.Ordinal));
            Assert.Equal((bool)one["schedulable"]!, one["not_schedulable"] is null);
            if (one["not_schedulable"] is { } why)
                Assert.Contains((string)why!, refused.Description, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Wrong_methods_are_405_below_a_job_too()
    {
        var answer = await larder.Client.SendJsonAsync(HttpMethod.Put, "/api/v1/jobs/0000000000000000/outputs/a/b.json");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.Status);
        Assert.Contains("GET", answer.Description);
    }

    private static IEnumerable<string> Ids(Answer answer) => answer.Body["jobs"]!.AsArray().Select(job => (string)job!["id"]!);

    private async Task<int> TotalAsync(string query)
    {
        var answer = await larder.Client.GetJsonAsync($"/api/v1/jobs?{query}");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal((int)answer.Body["total"]!, Ids(answer).Count());
        return (int)answer.Body["total"]!;
    }
}
