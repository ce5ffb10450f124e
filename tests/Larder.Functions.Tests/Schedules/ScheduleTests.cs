using System.Net;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Larder.Functions.Tests.Audit;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Jobs;
using Larder.Functions.Tests.Training;
using Larder.Functions.Tests.Uploads;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Schedules;

[Collection(nameof(SharedJobs))]
public sealed class ScheduleTests(JobsFixture larder)
{
    private readonly HttpClient _client = larder.Client;

    [Fact]
    public async Task A_training_that_is_due_every_second_makes_versions_until_it_is_paused()
    {
        await _client.TrainToEndAsync("sched-due", TrainingClient.Copy);
        var id = await _client.ScheduleTrainingAsync("sched-due", "* * * * * *", more: """, "overlap": "skip", "owner": "ada" """);

        var run = await _client.EndOfRunAsync(id);
        var paused = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/schedules/{id}/pause");

        Assert.True((string)run["state"]! == "succeeded", run.ToString());
        Assert.Equal(2, (int)run["version"]!);
        var job = (await _client.GetJsonAsync($"/api/v1/jobs/{run["job"]}")).Body["job"]!;
        Assert.Equal((id, "ada", "train"), ((string?)job["schedule"], (string?)job["owner"], (string?)job["type"]));
        var version = (await _client.GetJsonAsync("/api/v1/models/sched-due:2")).Body["version"]!;
        Assert.Equal((string)job["id"]!, (string)version["job"]!);
        Assert.Equal((HttpStatusCode.OK, false, null), (paused.Status, (bool)paused.Body["schedule"]!["enabled"]!, paused.Body["schedule"]!["next_run"]));
        Assert.Empty((await _client.GetScheduleAsync(id))["next_runs"]!.AsArray());
    }

    [Fact]
    public async Task A_schedule_is_shown_with_its_next_five_runs_on_its_own_clock()
    {
        await _client.TrainToEndAsync("sched-shown", TrainingClient.Copy);
        var made = await _client.ScheduleAsync("""
            {"name": "nightly", "description": "Each night.", "cron": "30 2 * * *", "time_zone": "Asia/Kolkata",
             "job": {"type": "train", "model": "sched-shown", "inputs": {"version": "sched-shown"}, "options": {"timeout": 60}}}
            """);

        Assert.Equal(HttpStatusCode.Created, made.Status);
        var id = (string)made.Body["schedule"]!["id"]!;
        Assert.Equal($"/api/v1/schedules/{id}", made.Headers.Location!.ToString());
        var shown = await _client.GetJsonAsync($"/api/v1/schedules/{id}");
        Assert.StartsWith("\"1.", shown.Headers.ETag!.Tag);
        var schedule = shown.Body["schedule"]!;
        Assert.Equal(("skip", "once", true, null), ((string?)schedule["overlap"], (string?)schedule["missed"], (bool)schedule["enabled"]!, schedule["last_run"]));
        Assert.Equal(60, (int)schedule["job"]!["options"]!["timeout"]!);
        var next = shown.Body["next_runs"]!.AsArray().Select(time => DateTimeOffset.Parse((string)time!)).ToList();
        Assert.Equal(5, next.Count);
        Assert.All(next, time => Assert.Equal((TimeSpan.FromHours(2.5), TimeSpan.FromHours(5.5)), (time.TimeOfDay, time.Offset)));
        Assert.Equal(next[0], DateTimeOffset.Parse((string)schedule["next_run"]!));
        Assert.True(next[0] > DateTimeOffset.UtcNow);
        Assert.Equal(TimeSpan.FromDays(4), next[4] - next[0]);
    }

    [Fact]
    public async Task A_run_now_happens_once_for_a_key_even_while_the_schedule_is_paused()
    {
        await _client.TrainToEndAsync("sched-now", TrainingClient.Copy);
        var id = await _client.ScheduleTrainingAsync("sched-now", more: """, "enabled": false""");

        var first = await RunAsync();
        var second = await RunAsync();

        Assert.Equal(HttpStatusCode.Accepted, first.Status);
        var job = (string)first.Body["job"]!["id"]!;
        Assert.Equal(job, (string)second.Body["job"]!["id"]!);
        Assert.Equal($"/api/v1/jobs/{job}", first.Headers.Location!.ToString());
        Assert.Equal("succeeded", (string)(await _client.EndOfAsync(job))["state"]!);
        var run = Assert.Single(await _client.RunsAsync(id));
        Assert.Equal((job, true, "started", "succeeded"), ((string?)run["job"], (bool)run["manual"]!, (string?)run["outcome"], (string?)run["state"]));
        Assert.Equal(job, (string)(await _client.GetScheduleAsync(id))["schedule"]!["last_run"]!["job"]!);
        Assert.Equal(1, (int)(await _client.GetJsonAsync($"/api/v1/jobs?schedule={id}")).Body["total"]!);
        Assert.Equal(422, (await _client.GetJsonAsync("/api/v1/jobs?schedule=nightly")).Code);

        // A user ran the schedule once; the schedule made the version.
        var records = await _client.AuditAsync($"subject=schedule:{id}");
        Assert.Equal([("run", "local"), ("create", "local")], records.Select(record => ((string)record["what"]!, (string)record["who"]!)));
        Assert.Equal(job, (string)records[0]["after"]!["job"]!);
        Assert.Equal([$"schedule:{id}", "local"], (await _client.AuditAsync("subject=model:sched-now")).Select(record => (string)record["who"]!));

        Task<Answer> RunAsync() => _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/schedules/{id}/run", null, ("Idempotency-Key", "k-1"));
    }

    [Fact]
    public async Task A_data_set_in_the_uploads_is_read_anew_each_time()
    {
        await _client.TrainToEndAsync("sched-anew", TrainingClient.Copy);
        var id = await _client.ScheduleTrainingAsync("sched-anew", inputs: """, "dataset": "uploads/sched-anew/data.bin" """);

        var absent = await _client.RunToEndAsync(id);
        Assert.Equal("failed", (string)absent["state"]!);
        Assert.Equal("There is no data set uploads/sched-anew/data.bin.", (string)absent["reason"]!);

        var hashes = new List<string>();
        foreach (var classes in new[] { 5, 6 })
        {
            await UploadAsync("sched-anew/data.bin", OnnxModel.Linear(classes));
            var job = await _client.RunToEndAsync(id);
            Assert.True((string)job["state"]! == "succeeded", job.ToString());
            var input = job["inputs"]!.AsArray().Single(one => (string)one!["name"]! == "dataset")!;
            Assert.Equal("data.bin", (string)input["file_name"]!);
            var version = (await _client.GetJsonAsync($"/api/v1/models/sched-anew:{job["version"]}")).Body["version"]!;
            Assert.Equal((string)input["sha256"]!, (string)version["sha256"]!);
            hashes.Add((string)version["sha256"]!);
        }

        Assert.NotEqual(hashes[0], hashes[1]);
    }

    [Fact]
    public async Task A_data_set_that_was_uploaded_is_taken_as_it_is_at_the_time_by_trainings_and_scorings()
    {
        await _client.TrainToEndAsync("sched-named", TrainingClient.Copy, OnnxModel.Linear(classes: 3));
        var (first, second) = (OnnxModel.Linear(classes: 5), OnnxModel.Linear(classes: 6));
        var address = await _client.AddDatasetAsync("sched-named", "data.bin", first);
        var id = await _client.ScheduleTrainingAsync("sched-named", inputs: $", \"dataset\": \"{address}\" ");
        await _client.AddDatasetAsync("sched-named", "rows.csv", "a,b,c,d\n1,2,3,4\n"u8.ToArray());
        var made = await _client.ScheduleAsync("""
            {"name": "scores", "cron": "0 0 1 1 *", "job": {"type": "score", "model": "sched-named", "inputs": {"dataset": "datasets/sched-named/rows.csv"}, "options": {"by_position": true}}}
            """);

        var trained = await _client.RunToEndAsync(id);
        await _client.AddDatasetAsync("sched-named", "data.bin", second);
        var again = await _client.RunToEndAsync(id);
        var scored = await _client.RunToEndAsync((string)made.Body["schedule"]!["id"]!);

        Assert.True(("succeeded", "succeeded") == ((string?)trained["state"], (string?)again["state"]), $"{trained} {again}");
        foreach (var (job, model) in new[] { (trained, first), (again, second) })
        {
            var version = (await _client.GetJsonAsync($"/api/v1/models/sched-named:{job["version"]}")).Body["version"]!;
            Assert.Equal(UploadClient.Sha256(model), (string)version["sha256"]!);
        }

        Assert.Equal(("succeeded", 1, 3), ((string?)scored["state"], (int)scored["metrics"]!["rows"]!, (int)scored["version"]!));
        Assert.Equal(200, (await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/datasets/sched-named/data.bin")).Code);
        var gone = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/schedules/{id}/run");
        Assert.Equal((404, "There is no data set 'datasets/sched-named/data.bin'."), (gone.Code, gone.Description));
    }

    [Fact]
    public async Task A_model_in_the_uploads_is_taken_in_each_time_that_it_has_changed_and_only_then()
    {
        // At the top of the container, where nothing takes it for a drop.
        var made = await _client.ScheduleAsync("""
            {"name": "nightly model", "cron": "0 0 1 1 *", "owner": "ada", "job": {"type": "ingest", "model": "sched-ingest", "inputs": {"blob": "uploads/sched-nightly.onnx"}}}
            """);
        Assert.True(made.Code == 201, made.Description);
        var id = (string)made.Body["schedule"]!["id"]!;
        Assert.Equal("uploads/sched-nightly.onnx", (string?)made.Body["schedule"]!["job"]!["inputs"]!["blob"]);
        var absent = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/schedules/{id}/run");
        Assert.Equal((404, "There is no 'uploads/sched-nightly.onnx'."), (absent.Code, absent.Description));

        await UploadAsync("sched-nightly.onnx", OnnxModel.Linear(classes: 3));
        var first = await _client.RunToEndAsync(id);
        var unchanged = await _client.RunToEndAsync(id);
        await UploadAsync("sched-nightly.onnx", OnnxModel.Linear(classes: 4));
        var second = await _client.RunToEndAsync(id);

        Assert.Equal(("ingest", "succeeded", 1, null, "ada"), ((string?)first["type"], (string?)first["state"], (int)first["version"]!, (string?)first["reason"], (string?)first["owner"]));
        Assert.Equal(("succeeded", 1, "The blob has not changed since version 1 was made of it."), ((string?)unchanged["state"], (int)unchanged["version"]!, (string?)unchanged["reason"]));
        Assert.Equal(("succeeded", 2), ((string?)second["state"], (int)second["version"]!));
        Assert.Equal(2, (await _client.GetJsonAsync("/api/v1/models/sched-ingest")).Body["versions"]!.AsArray().Count);
        Assert.Equal([2, 1, 1], (await _client.RunsAsync(id)).Select(run => (int)run["version"]!));

        // A deleted version does not come back; a blob that cannot be used stays where it is, without a result beside it.
        Assert.Equal(200, (await _client.SendJsonAsync(HttpMethod.Delete, "/api/v1/models/sched-ingest:2")).Code);
        var deleted = await _client.RunToEndAsync(id);
        Assert.Equal("succeeded", (string?)deleted["state"]);
        Assert.Equal("The blob has not changed. What is to be published was version 2 of sched-ingest, and that was deleted.", (string?)deleted["reason"]);
        await UploadAsync("sched-nightly.onnx", "no model"u8.ToArray());
        var refused = await _client.RunToEndAsync(id);
        Assert.Equal(("failed", "The file looks like text; an ONNX model is expected."), ((string?)refused["state"], (string?)refused["reason"]));
        var container = new BlobContainerClient(larder.Storage, "uploads");
        Assert.True(await container.GetBlobClient("sched-nightly.onnx").ExistsAsync());
        Assert.False(await container.GetBlobClient("sched-nightly.onnx.result.json").ExistsAsync());
    }

    [Fact]
    public async Task A_training_takes_the_inputs_of_the_job_or_version_that_is_named_as_it_is_named_then()
    {
        await _client.TrainToEndAsync("sched-inputs", TrainingClient.Copy + "\n# first", OnnxModel.Linear(classes: 3));
        var second = await _client.TrainToEndAsync("sched-inputs", TrainingClient.Copy + "\n# second", OnnxModel.Linear(classes: 4));
        Assert.Equal(200, (await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/sched-inputs/aliases/champion", """{"version": 1}""")).Code);
        var byAlias = await MakeAsync("""{"version": "sched-inputs:champion"}""");
        var byJob = await MakeAsync($$"""{"job": "{{second["id"]}}"}""");

        var first = await _client.RunToEndAsync(byAlias);
        Assert.Equal(200, (await _client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/sched-inputs/aliases/champion", """{"version": 2}""")).Code);
        var moved = await _client.RunToEndAsync(byAlias);
        var named = await _client.RunToEndAsync(byJob);

        var original = (await _client.GetJsonAsync($"/api/v1/jobs/{(await _client.GetJsonAsync("/api/v1/models/sched-inputs:1")).Body["version"]!["job"]}")).Body["job"]!;
        foreach (var (job, source) in new[] { (first, original), (moved, second), (named, second) })
        {
            Assert.True((string?)job["state"] == "succeeded", job.ToString());
            Assert.True(JsonNode.DeepEquals(source["inputs"], job["inputs"]), $"{source["inputs"]} {job["inputs"]}");
        }

        // A job that is gone takes its script with it: the schedule's run says so.
        Assert.Equal(200, (await _client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/jobs/{second["id"]}")).Code);
        Assert.Equal(404, (await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/schedules/{byJob}/run")).Code);

        async Task<string> MakeAsync(string inputs)
        {
            var made = await _client.ScheduleAsync($$$"""{"name": "again", "cron": "0 0 1 1 *", "job": {"type": "train", "model": "sched-inputs", "inputs": {{{inputs}}}}}""");
            Assert.True(made.Code == 201, made.Description);
            return (string)made.Body["schedule"]!["id"]!;
        }
    }

    [Fact]
    public async Task A_version_that_no_training_made_cannot_be_trained_again()
    {
        await _client.UploadAsync("sched-made", OnnxModel.Linear());

        var uploaded = await _client.ScheduleAsync("""
            {"name": "x", "cron": "0 0 1 1 *", "job": {"type": "train", "model": "sched-made", "inputs": {"version": "sched-made:1"}}}
            """);

        Assert.Equal((422, "sched-made:1 was made by no job."), (uploaded.Code, uploaded.Description));
    }

    [Fact]
    public async Task A_file_is_scored_again_and_again_with_the_version_of_the_time()
    {
        await _client.UploadAsync("sched-score", OnnxModel.Linear(classes: 3));
        var made = await _client.ScheduleAsync("""
            {"name": "scores", "cron": "0 0 1 1 *", "job": {"type": "score", "model": "sched-score",
             "inputs": {"dataset": "uploads/sched-score/rows.csv"}, "options": {"keep": ["id"], "by_position": true}}}
            """);
        Assert.True(made.Code == 201, made.Description);
        var id = (string)made.Body["schedule"]!["id"]!;
        var early = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/schedules/{id}/run");
        Assert.Equal(404, early.Code);

        await UploadAsync("sched-score/rows.csv", "id,a,b,c,d\n1,1,2,3,4\n2,5,6,7,8\n"u8.ToArray());
        var first = await _client.RunToEndAsync(id);
        await _client.UploadAsync("sched-score", OnnxModel.Linear(classes: 4));
        var second = await _client.RunToEndAsync(id);

        Assert.True((string)first["state"]! == "succeeded", first.ToString());
        Assert.Equal((2, 1, "score"), ((int)first["metrics"]!["rows"]!, (int)first["version"]!, (string?)first["type"]));
        Assert.Equal(("succeeded", 2), ((string?)second["state"], (int)second["version"]!));
    }

    [Fact]
    public async Task Secrets_reach_the_script_and_nobody_else_and_survive_an_edit()
    {
        const string script = TrainingClient.Copy + "\nassert os.environ['TOKEN'] == 'geheim-123', 'no token'";
        await _client.TrainToEndAsync("sched-secret", TrainingClient.Copy);
        var source = await _client.TrainToEndAsync("sched-secret-script", script, options: """{"environment": {"TOKEN": {"secret": "geheim-123"}}}""");
        Assert.Equal("succeeded", (string)source["state"]!);
        var made = await _client.ScheduleAsync("""
            {"name": "secret", "cron": "0 0 1 1 *", "job": {"type": "train", "model": "sched-secret", "inputs": {"job": "SOURCE"},
             "options": {"environment": {"TOKEN": {"secret": "geheim-123"}}}}}
            """.Replace("SOURCE", (string)source["id"]!));
        var id = (string)made.Body["schedule"]!["id"]!;
        var shown = (await _client.GetScheduleAsync(id))["schedule"]!;
        Assert.DoesNotContain("geheim", made.Body.ToJsonString() + shown.ToJsonString());

        // What was shown, sent back: the masked value stays what it was.
        var edited = await _client.SendJsonAsync(
            HttpMethod.Post, $"/api/v1/schedules/{id}", new JsonObject { ["job"] = shown["job"]!.DeepClone() }.ToJsonString());
        Assert.True(edited.Code == 200, edited.Description);
        var job = await _client.RunToEndAsync(id);

        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        Assert.DoesNotContain("geheim", job.ToJsonString());
        var unknown = await _client.SendJsonAsync(HttpMethod.Post, $"/api/v1/schedules/{id}", """
            {"job": {"type": "train", "model": "sched-secret", "inputs": {"job": "SOURCE"}, "options": {"environment": {"OTHER": {"secret": "***"}}}}}
            """.Replace("SOURCE", (string)source["id"]!));
        Assert.Equal(422, unknown.Code);
    }

    [Fact]
    public async Task Changes_honour_If_Match_and_keep_what_they_do_not_name()
    {
        await _client.TrainToEndAsync("sched-edit", TrainingClient.Copy);
        var id = await _client.ScheduleTrainingAsync("sched-edit", more: """, "overlap": "queue", "owner": "ada" """);
        var path = $"/api/v1/schedules/{id}";

        var changed = await _client.SendJsonAsync(HttpMethod.Post, path, """{"missed": "none", "cron": "0 3 * * 1"}""", ("If-Match", "\"1\""));
        var late = await _client.SendJsonAsync(HttpMethod.Post, path, """{"missed": "all"}""", ("If-Match", "\"1\""));
        var deletedLate = await _client.SendJsonAsync(HttpMethod.Delete, path, null, ("If-Match", "\"1\""));
        var wrong = await _client.SendJsonAsync(HttpMethod.Put, path, """{"name": "only"}""");
        var replaced = await _client.SendJsonAsync(HttpMethod.Put, path, """
            {"name": "other", "cron": "0 4 * * *", "job": {"type": "train", "model": "sched-edit", "inputs": {"version": "sched-edit:1"}}}
            """);
        var resumed = await _client.SendJsonAsync(HttpMethod.Post, $"{path}/resume");

        var schedule = changed.Body["schedule"]!;
        Assert.Equal(("none", "queue", "ada", "\"2\""), ((string?)schedule["missed"], (string?)schedule["overlap"], (string?)schedule["owner"], changed.Headers.ETag!.Tag));
        Assert.Equal(DayOfWeek.Monday, DateTimeOffset.Parse((string)schedule["next_run"]!).DayOfWeek);
        Assert.Equal((412, 412, 422, 200), (late.Code, deletedLate.Code, wrong.Code, replaced.Code));
        Assert.Equal(("other", "skip", null), ((string?)replaced.Body["schedule"]!["name"], (string?)replaced.Body["schedule"]!["overlap"], (string?)replaced.Body["schedule"]!["owner"]));
        // Running already: nothing changes.
        Assert.Equal("\"3\"", resumed.Headers.ETag!.Tag);
        Assert.Equal(200, (await _client.SendJsonAsync(HttpMethod.Delete, path, null, ("If-Match", "\"3\""))).Code);
        foreach (var (method, below) in new[] { (HttpMethod.Get, ""), (HttpMethod.Get, "/runs"), (HttpMethod.Post, "/run"), (HttpMethod.Post, "/pause"), (HttpMethod.Delete, "") })
            Assert.Equal(404, (await _client.SendJsonAsync(method, path + below)).Code);
    }

    [Fact]
    public async Task Lists_filter_count_and_page_the_newest_first()
    {
        await _client.TrainToEndAsync("sched-list", TrainingClient.Copy);
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
            ids.Add(await _client.ScheduleTrainingAsync("sched-list", more: i == 0 ? """, "enabled": false""" : ""));

        var first = await _client.GetJsonAsync("/api/v1/schedules?model=sched-list&limit=2");
        var second = await _client.GetJsonAsync($"/api/v1/schedules?model=sched-list&limit=2&cursor={first.Body["next_cursor"]}");
        var paused = await _client.GetJsonAsync("/api/v1/schedules?model=sched-list&type=train&enabled=false");

        Assert.Equal((3, 3, null), ((int)first.Body["total"]!, (int)second.Body["total"]!, second.Body["next_cursor"]));
        Assert.Equal(ids.Order(StringComparer.Ordinal), Ids(first).Concat(Ids(second)));
        Assert.Equal([ids[0]], Ids(paused));
        foreach (var query in new[] { "enabled=maybe", "type=bake", "model=no/model", "limit=0", "cursor=x", "state=failed" })
            Assert.Equal(422, (await _client.GetJsonAsync($"/api/v1/schedules?{query}")).Code);
    }

    [Fact]
    public async Task Runs_page_the_newest_first()
    {
        await _client.TrainToEndAsync("sched-runs", TrainingClient.Copy);
        var id = await _client.ScheduleTrainingAsync("sched-runs");
        var jobs = new List<string>();
        for (var i = 0; i < 3; i++)
            jobs.Add((string)(await _client.RunToEndAsync(id))["id"]!);

        var first = await _client.GetJsonAsync($"/api/v1/schedules/{id}/runs?limit=2");
        var second = await _client.GetJsonAsync($"/api/v1/schedules/{id}/runs?limit=2&cursor={first.Body["next_cursor"]}");

        Assert.Equal(jobs.AsEnumerable().Reverse(), first.Body["runs"]!.AsArray().Concat(second.Body["runs"]!.AsArray()).Select(run => (string)run!["job"]!));
        Assert.Null(second.Body["next_cursor"]);
        Assert.Equal(422, (await _client.GetJsonAsync($"/api/v1/schedules/{id}/runs?cursor=x")).Code);
    }

    [Theory]
    [InlineData("""{"cron": "* * * * *", "job": JOB}""", "A schedule needs a name.")]
    [InlineData("""{"name": "x", "job": JOB}""", "A schedule needs a cron.")]
    [InlineData("""{"name": "x", "cron": "* * * * *"}""", "A schedule needs a job.")]
    [InlineData("""{"name": "x", "cron": "* * * *", "job": JOB}""", "it has 4 fields")]
    [InlineData("""{"name": "x", "cron": "0 25 * * *", "job": JOB}""", "Hours: Value must be a number between 0 and 23")]
    [InlineData("""{"name": "x", "cron": "0 4 13 * FRI", "job": JOB}""", "make two schedules: '0 4 13 * *' and '0 4 * * FRI'.")]
    [InlineData("""{"name": "x", "cron": "0 0 31 2 *", "job": JOB}""", "never run")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "time_zone": "Mars/Olympus", "job": JOB}""", "time_zone must be")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "overlap": "maybe", "job": JOB}""", "overlap must be one of skip, queue, allow.")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "missed": 1, "job": JOB}""", "wrong type")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "when": "now", "job": JOB}""", "the member 'when' is not known")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "bake", "model": "m"}}""", "job.type must be drift or export or ingest or score or train.")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "upload", "model": "m"}}""", "A job of the type upload cannot be scheduled. What was uploaded in blocks is taken in once")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "dataset", "model": "m"}}""", "A job of the type dataset cannot be scheduled.")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "ingest", "model": "m"}}""", "must have a blob, and nothing else")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "ingest", "model": "m", "inputs": {"blob": "uploads/m/x.csv"}}}""", "ends with .onnx, .zip, .tar.gz or .tgz")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "ingest", "model": "m", "inputs": {"blob": "uploads/m.onnx"}, "options": {}}}""", "An ingestion has no options")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "score", "model": "m", "inputs": {"dataset": "datasets/x.csv"}}}""", "datasets/{model}/{file_name}")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "score", "model": "m", "inputs": {"dataset": "https://example.com/x.csv"}}}""", "is not one that may be fetched from")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "score", "model": "m", "inputs": {"dataset": "https://example.com/x.csv?sig=1"}}}""", "a URL without a query")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "train"}}""", "job needs a model")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "train", "model": "no/model"}}""", "is not a model name")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "train", "model": "m"}}""", "either a job or a version")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "score", "model": "m"}}""", "must have a dataset")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "score", "model": "m", "inputs": {"dataset": "uploads/x.csv", "version": "n:1"}}}""", "must be one of m")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "score", "model": "sched-none", "inputs": {"dataset": "uploads/x.csv"}}}""", "job.inputs: There is no model")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "score", "model": "m", "inputs": {"dataset": "uploads/x.csv"}, "options": {"rows": 3}}}""", "/rows is not known")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "train", "model": "m", "inputs": {"job": "0000000000000000"}}}""", "There is no job")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "train", "model": "m", "inputs": {"version": "sched-none:7"}}}""", "job.inputs: There is no model")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "train", "model": "m", "inputs": {"version": "m", "dataset": "uploads/../x"}}}""", "begins with uploads/")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "train", "model": "m", "inputs": {"version": "m"}, "options": {"epochs": 3}}}""", "/epochs is not known")]
    [InlineData("""{"name": "x", "cron": "* * * * *", "job": {"type": "train", "model": "m", "inputs": {"version": "m"}, "options": {"timeout": 0}}}""", "/timeout must be 1 to 518400")]
    [InlineData("""["x"]""", "is not")]
    public async Task What_cannot_be_meant_is_422_with_a_sentence_and_nothing_is_stored(string body, string sentence)
    {
        var before = await TotalAsync();

        var answer = await _client.ScheduleAsync(body.Replace("JOB", """{"type": "train", "model": "m", "inputs": {"version": "m:1"}}"""));

        Assert.True((422, 422) == (answer.Code, (int)answer.Status), answer.Description);
        Assert.Contains(sentence, answer.Description);
        Assert.DoesNotContain("Larder.", answer.Description);
        Assert.Equal(before, await TotalAsync());
    }

    private static IEnumerable<string> Ids(Answer answer) => answer.Body["schedules"]!.AsArray().Select(schedule => (string)schedule!["id"]!);

    // Other tests of this collection run before or after, not meanwhile.
    private async Task<int> TotalAsync() => (int)(await _client.GetJsonAsync("/api/v1/schedules")).Body["total"]!;

    private async Task UploadAsync(string path, byte[] content)
    {
        var container = new BlobContainerClient(larder.Storage, "uploads");
        await container.CreateIfNotExistsAsync();
        await container.GetBlobClient(path).UploadAsync(BinaryData.FromBytes(content), overwrite: true);
    }
}
