using System.Text.Json.Nodes;
using Larder.Registry.Errors;
using Larder.Testing;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;
using Larder.Tracking.Tests.Testing;

namespace Larder.Tracking.Tests;

/// <summary>What runs must do on every store.</summary>
public abstract class RunContract : TrackingTests
{
    [Fact]
    public async Task A_run_is_found_by_its_id_on_every_host()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var experiment = await CreateExperimentAsync(host);

        var made = await CreateRunAsync(host, experiment.Id, "first", 1234);
        var found = await other.Runs.GetAsync(made.Id);

        Assert.Matches("^[0-9a-f]{32}$", made.Id);
        Assert.Equal((experiment.Id, "first", "baker", RunStatus.Running, 1234, null), (found.ExperimentId, found.Name, found.UserId, found.Status, found.StartTime, found.EndTime));
        Assert.Equal($"mlflow-artifacts:/{experiment.Id}/{made.Id}/artifacts", found.ArtifactUri);
        Assert.Equal("first", found.Tags[RunTags.Name]);
        Assert.True(found.IsActive);
    }

    [Fact]
    public async Task A_run_without_a_name_gets_one_and_the_tag_names_it_too()
    {
        var host = await OpenAsync();

        Assert.Matches("^[a-z]+-[a-z]+-[0-9]{1,4}$", (await CreateRunAsync(host)).Name);
        var tagged = await host.Runs.CreateAsync(new NewRun("0", null, "", null, new Dictionary<string, string> { [RunTags.Name] = "tagged" }));
        Assert.Equal("tagged", tagged.Name);
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() =>
            host.Runs.CreateAsync(new NewRun("0", "other", "", null, new Dictionary<string, string> { [RunTags.Name] = "tagged" })));
        Assert.Equal("Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='other', mlflow.runName='tagged').", refused.Message);
        await host.Runs.SetTagAsync(tagged.Id, RunTags.Name, "renamed");
        Assert.Equal("renamed", (await host.Runs.GetAsync(tagged.Id)).Name);
        await host.Runs.UpdateAsync(tagged.Id, null, null, "again");
        Assert.Equal("again", (await host.Runs.GetAsync(tagged.Id)).Tags[RunTags.Name]);
    }

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef")]
    [InlineData("nothing")]
    [InlineData("ffffffffffffffffffffffffffffffff")]
    public async Task A_run_that_is_not_there_is_not_found(string id)
    {
        var host = await OpenAsync();

        Assert.Equal($"Run with id={id} not found", (await Assert.ThrowsAsync<NotFoundException>(() => host.Runs.GetAsync(id))).Message);
        await Assert.ThrowsAsync<NotFoundException>(() => host.Runs.SetTagAsync(id, "a", "b"));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Runs.HistoryAsync(id, "loss", 10, null));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Runs.DeleteAsync(id));
        await Assert.ThrowsAsync<NotFoundException>(() => CreateRunAsync(host, "17"));
    }

    [Fact]
    public async Task A_batch_is_logged_whole_or_not_at_all()
    {
        var host = await OpenAsync();
        var run = await CreateRunAsync(host);
        await host.Runs.LogAsync(run.Id, new LogBatch([Metric("loss", 1, 0.5)], [new("depth", "3")], [new("kind", "tree")]));

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() =>
            host.Runs.LogAsync(run.Id, new LogBatch([Metric("loss", 2, 0.4)], [new("width", "1"), new("depth", "4")], [new("kind", "forest")])));

        Assert.Equal(
            $"Changing param values is not allowed. Param with key='depth' was already logged with value='3' for run ID='{run.Id}'. Attempted logging new value '4'.", refused.Message);
        var found = await (await OpenAsync()).Runs.GetAsync(run.Id);
        Assert.Equal(new Dictionary<string, string> { ["depth"] = "3" }, found.Params);
        Assert.Equal("tree", found.Tags["kind"]);
        Assert.Equal(new MetricPoint(1, 1000, 0.5), Assert.Single(found.Metrics).Value);
        Assert.Single((await host.Runs.HistoryAsync(run.Id, "loss", 10, null)).Items);
    }

    [Fact]
    public async Task A_param_may_be_logged_again_with_its_value_and_never_with_another_on_any_host()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = await CreateRunAsync(host);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
        {
            try
            {
                await (i % 2 == 0 ? host : other).Runs.LogParamAsync(run.Id, "depth", $"{i}");
                return i;
            }
            catch (InvalidRequestException)
            {
                return -1;
            }
        }));

        var winner = Assert.Single(outcomes, i => i >= 0);
        Assert.Equal($"{winner}", (await host.Runs.GetAsync(run.Id)).Params["depth"]);
        await host.Runs.LogParamAsync(run.Id, "depth", $"{winner}");
        await other.Runs.LogParamAsync(run.Id, "depth", $"{winner}");
    }

    [Fact]
    public async Task What_was_decided_on_an_old_state_is_decided_again_on_the_new_one()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = await CreateRunAsync(host);
        await host.Runs.SetTagAsync(run.Id, "kind", "tree");
        await other.Runs.DeleteAsync(run.Id);

        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Runs.SetTagAsync(run.Id, "kind", "tree"));
        await other.Runs.RestoreAsync(run.Id);
        await host.Runs.SetTagAsync(run.Id, "kind", "forest");

        Assert.Equal("forest", (await other.Runs.GetAsync(run.Id)).Tags["kind"]);
    }

    [Fact]
    public async Task A_deleted_run_takes_nothing_until_it_is_restored()
    {
        var host = await OpenAsync();
        var run = await CreateRunAsync(host);
        await host.Runs.DeleteAsync(run.Id);
        await host.Runs.DeleteAsync(run.Id);

        Assert.False((await host.Runs.GetAsync(run.Id)).IsActive);
        foreach (var change in new Func<Task>[]
        {
            () => host.Runs.LogMetricAsync(run.Id, Metric("loss", 0, 1)), () => host.Runs.LogParamAsync(run.Id, "a", "b"), () => host.Runs.SetTagAsync(run.Id, "a", "b"),
            () => host.Runs.DeleteTagAsync(run.Id, RunTags.Name), () => host.Runs.UpdateAsync(run.Id, RunStatus.Finished, 1, null), () => host.Runs.LogInputsAsync(run.Id, [], ["m-1"]),
        })
        {
            Assert.Equal($"The run {run.Id} must be in the 'active' state. Current state is deleted.", (await Assert.ThrowsAsync<InvalidRequestException>(change)).Message);
        }

        await host.Runs.RestoreAsync(run.Id);
        await host.Runs.RestoreAsync(run.Id);
        await host.Runs.LogParamAsync(run.Id, "a", "b");
        Assert.True((await host.Runs.GetAsync(run.Id)).IsActive);
    }

    [Fact]
    public async Task A_run_whose_job_is_gone_belongs_to_nobody_once_it_is_restored()
    {
        var host = await OpenAsync();
        var run = await host.Runs.CreateAsync(new NewRun("0", null, "baker", null, new Dictionary<string, string>(), "job-1"));
        await Assert.ThrowsAsync<ForbiddenException>(() => host.Runs.DeleteAsync(run.Id));
        await host.Runs.RestoreAsync(run.Id);
        Assert.Equal("job-1", (await host.Runs.GetAsync(run.Id)).Job);
        await host.Runs.DeleteAsync(new RunKey(run.Id, ByJob: true));

        await host.Runs.RestoreAsync(run.Id);

        await host.Runs.SetTagAsync(run.Id, "kept", "yes");
        await host.Runs.DeleteAsync(run.Id);
        await host.Runs.PurgeAsync(run.Id);
    }

    [Fact]
    public async Task A_run_that_has_no_room_for_its_tags_is_not_created()
    {
        var host = await OpenAsync();
        var tags = Enumerable.Range(0, 126).ToDictionary(i => $"tag{i}", _ => new string('x', 8000));

        Assert.StartsWith("The run has no room", (await Assert.ThrowsAsync<InvalidRequestException>(() => host.Runs.CreateAsync(new NewRun("0", null, "baker", null, tags)))).Message, StringComparison.Ordinal);
        Assert.Equal("'user_id' exceeds the maximum length of 256 characters", (await Assert.ThrowsAsync<InvalidRequestException>(() => host.Runs.CreateAsync(new NewRun("0", null, new string('x', 257), null, new Dictionary<string, string>())))).Message);

        Assert.Empty((await host.Runs.SearchAsync(new RunSearch(["0"], null, [], LifecycleView.All, 10, null))).Items);
    }

    [Fact]
    public async Task A_run_ends_and_may_run_again()
    {
        var host = await OpenAsync();
        var run = await CreateRunAsync(host);

        Assert.Equal((RunStatus.Finished, 99), Of(await host.Runs.UpdateAsync(run.Id, RunStatus.Finished, 99, null)));
        Assert.Equal((RunStatus.Running, null), Of(await host.Runs.UpdateAsync(run.Id, RunStatus.Running, null, null)));
        Assert.Equal((RunStatus.Killed, 100), Of(await host.Runs.UpdateAsync(run.Id, RunStatus.Killed, 100, "killed")));
        Assert.Equal("killed", (await host.Runs.GetAsync(run.Id)).Name);

        static (RunStatus, long?) Of(Run run) => (run.Status, run.EndTime);
    }

    [Fact]
    public async Task Tags_are_removed_once()
    {
        var host = await OpenAsync();
        var run = await CreateRunAsync(host);
        await host.Runs.SetTagAsync(run.Id, "kind", "tree");

        await host.Runs.DeleteTagAsync(run.Id, "kind");

        Assert.DoesNotContain("kind", (await host.Runs.GetAsync(run.Id)).Tags.Keys);
        Assert.Equal($"No tag with name: kind in run with id {run.Id}", (await Assert.ThrowsAsync<NotFoundException>(() => host.Runs.DeleteTagAsync(run.Id, "kind"))).Message);
    }

    [Fact]
    public async Task Inputs_outputs_and_models_are_noted_once()
    {
        var host = await OpenAsync();
        var run = await CreateRunAsync(host);
        var dataset = new DatasetInput("iris", "1f2e", "http", "{}", "[]", null, new Dictionary<string, string> { [DatasetInput.ContextTag] = "training" });

        for (var i = 0; i < 2; i++)
        {
            await host.Runs.LogInputsAsync(run.Id, [dataset], ["m-1"]);
            await host.Runs.LogOutputsAsync(run.Id, [new ModelOutput("m-2", 3)]);
            await host.Runs.LogModelAsync(run.Id, new JsonObject { ["run_id"] = run.Id, ["n"] = i });
        }

        var found = await (await OpenAsync()).Runs.GetAsync(run.Id);
        Assert.Equivalent(dataset, Assert.Single(found.Datasets));
        Assert.Equal(["m-1"], found.ModelInputs);
        Assert.Equal(new ModelOutput("m-2", 3), Assert.Single(found.ModelOutputs));
        Assert.Equal(2, JsonNode.Parse(found.Tags[RunTags.ModelHistory])!.AsArray().Count);
        Assert.Equal([("0", "iris", "1f2e", "training")], await host.Runs.DatasetsAsync(["0"]));
    }

    [Fact]
    public async Task A_run_that_would_be_too_large_to_store_is_refused_and_stays_as_it_was()
    {
        var host = await OpenAsync();
        var run = await CreateRunAsync(host);
        var profile = new string('ä', 300_000);

        await host.Runs.LogInputsAsync(run.Id, [new DatasetInput("a", "1", "http", "{}", null, profile, new Dictionary<string, string>())], []);
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() =>
            host.Runs.LogInputsAsync(run.Id, [new DatasetInput("b", "1", "http", "{}", null, profile, new Dictionary<string, string>())], []));

        Assert.Contains("1000000 bytes", refused.Message, StringComparison.Ordinal);
        Assert.Equal("a", Assert.Single((await host.Runs.GetAsync(run.Id)).Datasets).Name);
        await host.Runs.SetTagAsync(run.Id, "kind", "tree");
    }

    [Fact]
    public async Task The_last_value_of_a_metric_is_that_of_the_highest_step_then_time_then_value()
    {
        var host = await OpenAsync();
        var run = await CreateRunAsync(host);
        var last = new MetricPoint(3, 10, 0.2);

        foreach (var point in new[] { new MetricPoint(1, 30, 0.9), last, new MetricPoint(2, 40, 0.8), new MetricPoint(3, 9, 0.7), new MetricPoint(3, 10, 0.1) })
            await host.Runs.LogMetricAsync(run.Id, new LoggedMetric("loss", point));

        Assert.Equal(last, (await host.Runs.GetAsync(run.Id)).Metrics["loss"]);
        Assert.Equal([1L, 2, 3, 3, 3], (await host.Runs.HistoryAsync(run.Id, "loss", 10, null)).Items.Select(point => point.Step));
    }

    [Fact]
    public async Task NaN_stays_and_infinities_become_the_largest_numbers()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = await CreateRunAsync(host);

        await host.Runs.LogAsync(run.Id, new LogBatch([Metric("a", 0, double.NaN), Metric("b", 0, double.PositiveInfinity), Metric("c", 0, double.NegativeInfinity)], [], []));

        var found = await other.Runs.GetAsync(run.Id);
        Assert.Equal([double.NaN, double.MaxValue, double.MinValue], new[] { "a", "b", "c" }.Select(key => found.Metrics[key].Value));
        Assert.Equal(double.NaN, Assert.Single((await other.Runs.HistoryAsync(run.Id, "a", 10, null)).Items).Value);
    }

    [Fact]
    public async Task A_history_of_any_length_is_read_in_pages_and_a_point_that_was_logged_twice_is_there_once()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = await CreateRunAsync(host);
        var source = new MetricSource("m-1", "iris", "1f2e");
        // Beyond one chunk, with a second metric in between and a batch that is sent again.
        for (var i = 0; i < 40; i++)
        {
            LoggedMetric[] points = [.. Enumerable.Range(i * 499, 499).Select(step => new LoggedMetric("loss", new MetricPoint(step, 1000 + step, step / 7.0) { Source = step == 9000 ? source : null }))];
            await (i % 3 == 0 ? other : host).Runs.LogAsync(run.Id, new LogBatch([.. points, Metric("rate", i, i)], [], []));
            if (i is 5 or 6)
                await host.Runs.LogAsync(run.Id, new LogBatch(points, [], []));
        }

        var (read, token, pages) = (new List<MetricPoint>(), (string?)null, 0);
        do
        {
            var page = await host.Runs.HistoryAsync(run.Id, "loss", 7000, token);
            read.AddRange(page.Items);
            (token, pages) = (page.Cursor, pages + 1);
        }
        while (token is not null);

        Assert.Equal(3, pages);
        Assert.Equal(Enumerable.Range(0, 40 * 499).Select(step => new MetricPoint(step, 1000 + step, step / 7.0) { Source = step == 9000 ? source : null }), read);
        Assert.Equal(40, (await other.Runs.HistoryAsync(run.Id, "rate", 100, null)).Items.Count);
        Assert.Empty((await other.Runs.HistoryAsync(run.Id, "none", 100, null)).Items);
        // A chunk takes the place of the one before until it is long.
        Assert.Equal(2, (await host.Documents.GetAsync(TrackingCollections.Runs, "0", run.Id))!.Value.Chunks.Count);
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Runs.HistoryAsync(run.Id, "loss", 10, "wrong"));
    }

    [Fact]
    public async Task A_bulk_history_has_the_points_of_several_runs_up_to_the_limit()
    {
        var host = await OpenAsync();
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            var run = await CreateRunAsync(host);
            ids.Add(run.Id);
            await host.Runs.LogAsync(run.Id, new LogBatch([Metric("loss", 0, i), Metric("loss", 1, i)], [], []));
        }

        var points = await host.Runs.HistoryAsync(ids, "loss", 5);

        var sorted = ids.Order(StringComparer.Ordinal).ToList();
        Assert.Equal([sorted[0], sorted[0], sorted[1], sorted[1], sorted[2]], points.Select(point => point.RunId));
        Assert.Equal([0L, 1, 0, 1, 0], points.Select(point => point.Point.Step));
    }

    [Fact]
    public async Task Nothing_is_lost_when_64_writers_log_to_one_run_through_two_hosts()
    {
        const int Writers = 64, Batches = 10;
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = await CreateRunAsync(host);

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var batch = 0; batch < Batches; batch++)
                await (writer % 2 == 0 ? host : other).Runs.LogAsync(run.Id, new LogBatch([Metric("loss", batch, writer), Metric($"loss{writer}", batch, 1)], [new($"p{writer}-{batch}", "x")], []));
        })));

        Assert.Equal(Writers * Batches, (await host.Runs.HistoryAsync(run.Id, "loss", 10_000, null)).Items.Count);
        var found = await other.Runs.GetAsync(run.Id);
        Assert.Equal(Writers * Batches, found.Params.Count);
        for (var writer = 0; writer < Writers; writer++)
            Assert.Equal(Batches, (await other.Runs.HistoryAsync(run.Id, $"loss{writer}", 100, null)).Items.Count);
    }

    [Fact]
    public async Task A_cancelled_caller_does_not_hold_up_others()
    {
        var host = await OpenAsync();
        var run = await CreateRunAsync(host);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        var outcomes = Enumerable.Range(0, 20).Select(i => host.Runs.LogParamAsync(run.Id, $"p{i}", "x", i % 2 == 0 ? cancelled.Token : default)).ToList();

        for (var i = 0; i < outcomes.Count; i++)
        {
            if (i % 2 == 0)
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => outcomes[i]);
            else
                await outcomes[i];
        }
        Assert.Superset(Enumerable.Range(0, 10).Select(i => $"p{(2 * i) + 1}").ToHashSet(), (await host.Runs.GetAsync(run.Id)).Params.Keys.ToHashSet());
    }

    [Theory]
    [InlineData("metrics.loss < 0.3", "third fourth")]
    [InlineData("metrics.loss < 0.3 AND params.depth = '3'", "third")]
    [InlineData("params.depth = '3' OR metrics.`val loss` > 0", "first second third")]
    [InlineData("tags.mlflow.runName = 'first'", "first")]
    [InlineData("attributes.status = 'FINISHED'", "first")]
    [InlineData("status != 'FINISHED'", "second third fourth")]
    [InlineData("run_name LIKE 'f%'", "first fourth")]
    [InlineData("start_time >= 3", "third fourth")]
    [InlineData("end_time IS NULL", "second third fourth")]
    [InlineData("datasets.name = 'iris'", "second")]
    [InlineData("dataset.context IN ('training')", "second")]
    [InlineData("NOT (params.depth = '3')", "fourth")]
    public async Task Runs_are_searched(string filter, string names)
    {
        var host = await OpenAsync();
        await FillAsync(host);

        foreach (var one in new[] { host, await OpenAsync() })
        {
            var found = await one.Runs.SearchAsync(new RunSearch(["0"], filter, ["start_time ASC"], LifecycleView.Active, 10, null));
            Assert.Equal(names, string.Join(' ', found.Items.Select(run => run.Name)));
        }
    }

    [Fact]
    public async Task A_search_has_an_order_a_view_and_several_experiments()
    {
        var host = await OpenAsync();
        await FillAsync(host);
        var other = await CreateExperimentAsync(host);
        await CreateRunAsync(host, other.Id, "other", 0);

        Assert.Equal("fourth third second first", await NamesAsync(["0"], LifecycleView.Active));
        Assert.Equal("fourth third first second", await NamesAsync(["0"], LifecycleView.Active, "metrics.loss"));
        Assert.Equal("deleted", await NamesAsync(["0"], LifecycleView.Deleted));
        Assert.Equal("other first second third fourth deleted", await NamesAsync([other.Id, "0"], LifecycleView.All, "created ASC"));
        Assert.Equal("", await NamesAsync(["17"], LifecycleView.All));
        Assert.Equal("", await NamesAsync([], LifecycleView.All));

        async Task<string> NamesAsync(string[] experiments, LifecycleView view, params string[] order) =>
            string.Join(' ', (await host.Runs.SearchAsync(new RunSearch(experiments, null, order, view, 10, null))).Items.Select(run => run.Name));
    }

    [Fact]
    public async Task A_search_sees_what_its_host_wrote_at_once_and_what_another_wrote_after_a_while()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = await CreateRunAsync(host);
        Assert.Equal(1, await CountAsync(host, null));
        Assert.Equal(1, await CountAsync(other, null));

        await host.Runs.LogMetricAsync(run.Id, Metric("loss", 0, 0.5));
        await other.Runs.SetTagAsync(run.Id, "seen", "x");
        var second = await CreateRunAsync(other);

        Assert.Equal(1, await CountAsync(host, "metrics.loss = 0.5"));
        Assert.Equal(2, await CountAsync(other, null));
        await Eventually.TrueAsync(async () => await CountAsync(host, null) == 2 && await CountAsync(host, "tags.seen = 'x'") == 1);

        await other.Runs.DeleteAsync(second.Id);
        await other.Runs.PurgeAsync(second.Id);
        Assert.Equal(1, await CountAsync(other, null));
        await Eventually.TrueAsync(async () => await CountAsync(host, null) == 1);

        static async Task<int> CountAsync(TrackingHost host, string? filter) =>
            (await host.Runs.SearchAsync(new RunSearch(["0"], filter, [], LifecycleView.All, 10, null))).Items.Count;
    }

    [Fact]
    public async Task Pages_under_writes_have_every_run_that_was_there_all_the_time_once()
    {
        var host = await OpenAsync();
        var kept = new List<string>();
        for (var i = 0; i < 30; i++)
            kept.Add((await CreateRunAsync(host, start: i % 7)).Id);

        await PagesUnderWrites.HaveAllOnceAsync(
            kept,
            async token =>
            {
                var page = await host.Runs.SearchAsync(new RunSearch(["0"], "start_time < 7", [], LifecycleView.Active, 4, token));
                return (page.Items.Select(run => run.Id), page.Cursor);
            },
            async i =>
            {
                var run = await CreateRunAsync(host, start: i % 7);
                await host.Runs.LogMetricAsync(kept[i % kept.Count], Metric("loss", i, i));
                if (i % 2 == 0)
                    await host.Runs.DeleteAsync(run.Id);
            });
    }

    [Fact]
    public async Task Pages_of_a_history_under_writes_have_every_point_that_was_there_all_the_time_once()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = await CreateRunAsync(host);
        // Enough for a chunk, which the points of the writer are taken up into.
        var steps = Enumerable.Range(0, 900).Select(i => 2 * i).ToList();
        await host.Runs.LogAsync(run.Id, new LogBatch([.. steps.Select(step => Metric("loss", step, step))], [], []));

        await PagesUnderWrites.HaveAllOnceAsync(
            [.. steps.Select(step => $"{step} {step}")],
            async token =>
            {
                var page = await host.Runs.HistoryAsync(run.Id, "loss", 100, token);
                return (page.Items.Select(point => $"{point.Step} {point.Value}"), page.Cursor);
            },
            // New points between the others, and points that are there already.
            i => (i % 2 == 0 ? host : other).Runs.LogAsync(
                run.Id, new LogBatch([.. Enumerable.Range(0, 50).Select(k => Metric("loss", 2 * ((i * 50) + k) % 1800 + 1, i)), .. steps.Take(20).Select(step => Metric("loss", step, step))], [], [])));
    }

    [Fact]
    public async Task A_run_is_deleted_for_good_with_its_points_when_it_was_deleted_before()
    {
        var host = await OpenAsync();
        var run = await CreateRunAsync(host);
        for (var i = 0; i < 3; i++)
            await host.Runs.LogAsync(run.Id, new LogBatch([.. Enumerable.Range(0, 600).Select(step => Metric("loss", step, i))], [], []));
        Assert.Single((await host.Documents.ListAsync(TrackingCollections.Chunks, run.Id, 10)).Documents);
        Assert.Equal(
            $"The run {run.Id} must be in the 'deleted' state. Current state is active.",
            (await Assert.ThrowsAsync<InvalidRequestException>(() => host.Runs.PurgeAsync(run.Id))).Message);

        await host.Runs.DeleteAsync(run.Id);
        await host.Runs.PurgeAsync(run.Id);

        await Assert.ThrowsAsync<NotFoundException>(() => host.Runs.GetAsync(run.Id));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Runs.RestoreAsync(run.Id));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Runs.PurgeAsync(run.Id));
        Assert.Empty((await host.Documents.ListAsync(TrackingCollections.Chunks, run.Id, 10)).Documents);
        Assert.Empty((await host.Documents.ScanAsync(TrackingCollections.Runs, 10)).Documents);
    }

    [Fact]
    public async Task The_garbage_collection_deletes_what_was_deleted_long_ago_and_ends_what_a_crash_left()
    {
        var host = await OpenAsync();
        var (old, young, active, experiment) = (await CreateRunAsync(host), await CreateRunAsync(host), await CreateRunAsync(host), await CreateExperimentAsync(host));
        var (inDeleted, halfway) = (await CreateRunAsync(host, experiment.Id), await CreateRunAsync(host));
        await host.Runs.DeleteAsync(old.Id);
        await host.Experiments.DeleteAsync(experiment.Id);
        Time.Advance(TimeSpan.FromDays(31));
        await host.Runs.DeleteAsync(young.Id);
        var read = (await host.Documents.GetAsync(TrackingCollections.Runs, "0", halfway.Id))!;
        await host.Documents.ReplaceAsync(TrackingCollections.Runs, "0", halfway.Id, read.Value with { IsPurging = true, Revision = 2 }, read.ETag);

        var (experiments, _, _) = await (await OpenAsync()).Collector.RunAsync(Time.GetUtcNow());

        Assert.Equal(1, experiments);
        var left = (await host.Documents.ScanAsync(TrackingCollections.Runs, 10)).Documents.Select(run => run.Id);
        Assert.Equal(new[] { young.Id, active.Id }.Order(StringComparer.Ordinal), left);
        await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.GetAsync(experiment.Id));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Runs.GetAsync(inDeleted.Id));
    }

    private async Task FillAsync(TrackingHost host)
    {
        var first = await CreateRunAsync(host, name: "first", start: 1);
        await host.Runs.LogAsync(first.Id, new LogBatch([Metric("loss", 1, 0.5), Metric("val loss", 1, 0.6)], [new("depth", "3")], []));
        await host.Runs.UpdateAsync(first.Id, RunStatus.Finished, 5, null);
        var second = await CreateRunAsync(host, name: "second", start: 2);
        await host.Runs.LogAsync(second.Id, new LogBatch([Metric("loss", 1, double.NaN)], [new("depth", "3")], []));
        await host.Runs.LogInputsAsync(second.Id, [new DatasetInput("iris", "1f2e", "http", "{}", null, null, new Dictionary<string, string> { [DatasetInput.ContextTag] = "training" })], []);
        var third = await CreateRunAsync(host, name: "third", start: 3);
        await host.Runs.LogAsync(third.Id, new LogBatch([Metric("loss", 1, 0.9), Metric("loss", 2, 0.2)], [new("depth", "3")], []));
        var fourth = await CreateRunAsync(host, name: "fourth", start: 4);
        await host.Runs.LogAsync(fourth.Id, new LogBatch([Metric("loss", 1, 0.1)], [new("depth", "4")], []));
        await host.Runs.DeleteAsync((await CreateRunAsync(host, name: "deleted", start: 5)).Id);
    }

    private static LoggedMetric Metric(string key, long step, double value) => new(key, new MetricPoint(step, 1000, value));
}
