using System.Text;
using Larder.Registry.Errors;
using Larder.Testing;
using Larder.Tracking.Artifacts;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Metrics;
using Larder.Tracking.Runs;
using Larder.Tracking.Tests.Testing;

namespace Larder.Tracking.Tests;

/// <summary>What logged models must do on every store.</summary>
public abstract class LoggedModelContract : TrackingTests
{
    private const string None = "m-0123456789abcdef0123456789abcdef";

    private static readonly Dictionary<string, string> Nothing = [];

    [Fact]
    public async Task A_model_is_created_and_found_by_its_id_on_every_host()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var run = await CreateRunAsync(host);
        var elsewhere = await host.Experiments.CreateAsync("rye", "s3://mill/rye", Nothing);

        var made = await host.Models.CreateAsync(new NewLoggedModel("0", "bread", "classifier", run.Id, [new("depth", "3")], new Dictionary<string, string> { ["mill"] = "stone" }));
        var unnamed = await host.Models.CreateAsync(new NewLoggedModel(elsewhere.Id, "", "", "", [], Nothing));

        var found = await other.Models.GetAsync(made.Id);
        Assert.Matches(@"\Am-0{16}[0-9a-f]{16}\z", made.Id);
        Assert.Equal(
            (made.Id, "0", "bread", "classifier", run.Id, (string?)null, LoggedModelStatus.Pending, $"mlflow-artifacts:/0/models/{made.Id}/artifacts"),
            (found.Id, found.ExperimentId, found.Name, found.ModelType, found.SourceRunId, found.Job, found.Status, found.ArtifactUri));
        Assert.Equal(Time.GetUtcNow().ToUnixTimeMilliseconds(), found.CreationTime);
        Assert.Equal(("3", "stone"), (found.Params["depth"], found.Tags["mill"]));
        Assert.Equal(($"s3://mill/rye/models/{unnamed.Id}/artifacts", (string?)null, (string?)null), (unnamed.ArtifactUri, unnamed.ModelType, unnamed.SourceRunId));
        Assert.Matches(@"\A[a-z]+-[a-z]+-[0-9]+\z", unnamed.Name);
        Assert.Equal(unnamed.Name, (await other.Models.GetAsync(unnamed.Id)).Name);
    }

    [Fact]
    public async Task What_a_model_cannot_have_is_refused_and_makes_none()
    {
        var host = await OpenAsync();
        foreach (var name in (string[])["a/b", "a:b", "a.b", "100%", "a\"b", "baker's", "../x"])
        {
            var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => CreateAsync(host, name));
            Assert.Equal($"Invalid model name ('{name}') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")", refused.Message);
        }
        await Assert.ThrowsAsync<InvalidRequestException>(() => CreateAsync(host, new string('x', 501)));
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Models.CreateAsync(new NewLoggedModel("0", "x", new string('x', 501), null, [], Nothing)));
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Models.CreateAsync(new NewLoggedModel("0", "x", null, null, [new("../x", "1")], Nothing)));
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Models.CreateAsync(new NewLoggedModel("0", "x", null, null, [new("a", "1"), new("a", "2")], Nothing)));
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Models.CreateAsync(new NewLoggedModel("0", "x", null, null, [], new Dictionary<string, string> { ["a"] = new('x', 8001) })));
        Assert.Equal(
            "Run with id=0123456789abcdef0123456789abcdef not found",
            (await Assert.ThrowsAsync<NotFoundException>(() => host.Models.CreateAsync(new NewLoggedModel("0", "x", null, None[2..], [], Nothing)))).Message);
        Assert.Equal("No Experiment with id=17 exists", (await Assert.ThrowsAsync<NotFoundException>(() => host.Models.CreateAsync(new NewLoggedModel("17", "x", null, null, [], Nothing)))).Message);
        var deleted = await CreateExperimentAsync(host);
        await host.Experiments.DeleteAsync(deleted.Id);
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Models.CreateAsync(new NewLoggedModel(deleted.Id, "x", null, null, [], Nothing)));

        Assert.Empty((await host.Documents.ScanAsync(TrackingCollections.LoggedModels, 10)).Documents);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        var host = await OpenAsync();
        var run = await CreateRunAsync(host);
        foreach (var id in (string[])[None, "", "m-", "walk", run.Id, None.ToUpperInvariant(), $"{None}0", $"m-{new string('x', 32)}", "../m-x"])
        {
            Assert.Equal($"Logged model with ID '{id}' not found.", (await Assert.ThrowsAsync<NotFoundException>(() => host.Models.GetAsync(id))).Message);
            await Assert.ThrowsAsync<NotFoundException>(() => host.Models.FinalizeAsync(id, LoggedModelStatus.Ready));
            await Assert.ThrowsAsync<NotFoundException>(() => host.Models.SetTagsAsync(id, Nothing));
            await Assert.ThrowsAsync<NotFoundException>(() => host.Models.DeleteTagAsync(id, "a"));
            await Assert.ThrowsAsync<NotFoundException>(() => host.Models.LogParamsAsync(id, []));
            await Assert.ThrowsAsync<NotFoundException>(() => host.Models.DeleteAsync(id));
        }
        await Assert.ThrowsAsync<NotFoundException>(() => PutAsync(host, None, "a", "x"));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Artifacts.ListAsync(None, ArtifactPath.Root));
    }

    [Fact]
    public async Task A_model_ends_once_and_the_same_end_again_changes_nothing()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var (ready, failed) = (await CreateAsync(host), await CreateAsync(host));

        Assert.Equal(LoggedModelStatus.Ready, (await host.Models.FinalizeAsync(ready.Id, LoggedModelStatus.Ready)).Status);
        await host.Models.FinalizeAsync(failed.Id, LoggedModelStatus.Failed);
        var ended = await other.Models.GetAsync(ready.Id);
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(ended.LastUpdateTime, (await other.Models.FinalizeAsync(ready.Id, LoggedModelStatus.Ready)).LastUpdateTime);
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => other.Models.FinalizeAsync(ready.Id, LoggedModelStatus.Failed));
        await Assert.ThrowsAsync<InvalidRequestException>(() => other.Models.FinalizeAsync(failed.Id, LoggedModelStatus.Ready));

        Assert.Equal($"The logged model {ready.Id} is READY, which does not change any more. Log the model again, as another one.", refused.Message);
        Assert.Equal((LoggedModelStatus.Ready, LoggedModelStatus.Failed), ((await host.Models.GetAsync(ready.Id)).Status, (await host.Models.GetAsync(failed.Id)).Status));
    }

    [Fact]
    public async Task Params_never_change_and_are_logged_all_or_not_at_all()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var model = await CreateAsync(host);

        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => (i % 2 == 0 ? host : other).Models.LogParamsAsync(model.Id, [new($"p{i}", $"{i}"), new("same", "x")])));
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => host.Models.LogParamsAsync(model.Id, [new("new", "1"), new("p3", "4")]));
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Models.LogParamsAsync(model.Id, [new("new", new string('x', 6001))]));

        Assert.Equal($"Changing param values is not allowed. Param with key='p3' was already logged with value='3' for model ID='{model.Id}'. Attempted logging new value '4'.", refused.Message);
        var found = await other.Models.GetAsync(model.Id);
        Assert.Equal(13, found.Params.Count);
        Assert.All(Enumerable.Range(0, 12), i => Assert.Equal($"{i}", found.Params[$"p{i}"]));
    }

    [Fact]
    public async Task Tags_are_set_and_removed_as_long_as_there_is_room()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var model = await CreateAsync(host);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? host : other).Models.SetTagsAsync(model.Id, new Dictionary<string, string> { [$"t{i}"] = "x", ["a/b"] = "y" })));
        await other.Models.DeleteTagAsync(model.Id, "t3");

        Assert.Equal(["a/b", "t0", "t1", "t2", "t4", "t5", "t6", "t7"], (await host.Models.GetAsync(model.Id)).Tags.Keys.Order(StringComparer.Ordinal));
        Assert.Equal($"No tag with key 't3' found for model with ID '{model.Id}'.", (await Assert.ThrowsAsync<NotFoundException>(() => host.Models.DeleteTagAsync(model.Id, "t3"))).Message);
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Models.SetTagsAsync(model.Id, new Dictionary<string, string> { ["../x"] = "x" }));
        var large = Enumerable.Range(0, 130).ToDictionary(i => $"large{i}", _ => new string('x', 8000));
        Assert.Contains("has no room", (await Assert.ThrowsAsync<InvalidRequestException>(() => host.Models.SetTagsAsync(model.Id, large))).Message, StringComparison.Ordinal);
        Assert.Equal(8, (await host.Models.GetAsync(model.Id)).Tags.Count);
    }

    [Fact]
    public async Task Its_files_are_its_own_and_those_of_a_deleted_model_are_read_and_not_written()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var (model, second, run) = (await CreateAsync(host), await CreateAsync(host), await CreateRunAsync(host));
        await PutAsync(host, model.Id, "MLmodel", "flavors");
        await PutAsync(host, model.Id, "code/a.py", "a");
        await PutAsync(host, run.Id, "MLmodel", "of the run");

        Assert.Equal(["MLmodel", "code/a.py"], await AllAsync(other, model.Id));
        Assert.Empty(await AllAsync(other, second.Id));
        Assert.Equal(["MLmodel"], await AllAsync(other, run.Id));
        Assert.True(await other.Artifacts.DeleteAsync(model.Id, ArtifactPath.Parse("code")));

        await host.Models.DeleteAsync(model.Id);
        await Assert.ThrowsAsync<NotFoundException>(() => host.Models.GetAsync(model.Id));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Models.DeleteAsync(model.Id));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Models.SetTagsAsync(model.Id, new Dictionary<string, string> { ["a"] = "b" }));
        Assert.Equal(["MLmodel"], await AllAsync(host, model.Id));
        Assert.Equal("flavors", await ReadAsync(other, model.Id, "MLmodel"));
        var expected = $"The logged model {model.Id} must be in the 'active' state. Current state is deleted.";
        Assert.Equal(expected, (await Assert.ThrowsAsync<InvalidRequestException>(() => PutAsync(host, model.Id, "b", "x"))).Message);
        Assert.Equal(expected, (await Assert.ThrowsAsync<InvalidRequestException>(() => host.Artifacts.DeleteAsync(model.Id, ArtifactPath.Parse("MLmodel")))).Message);
    }

    [Fact]
    public async Task Only_the_job_logs_to_a_model_of_its_run_and_others_may_tag_and_delete_it()
    {
        var host = await OpenAsync();
        var (run, experiment) = (await JobRunAsync(host, "j1"), await CreateExperimentAsync(host));
        var wanted = new NewLoggedModel("0", "bread", null, run.Id, [], Nothing);

        await Assert.ThrowsAsync<ForbiddenException>(() => host.Models.CreateAsync(wanted));
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Models.CreateAsync(wanted with { ExperimentId = experiment.Id }, byJob: true));
        var model = await host.Models.CreateAsync(wanted, byJob: true);
        var own = new RunKey(model.Id, ByJob: true);

        Assert.Equal("j1", model.Job);
        foreach (var change in (Func<Task>[])
        [
            () => host.Models.FinalizeAsync(model.Id, LoggedModelStatus.Ready), () => host.Models.LogParamsAsync(model.Id, [new("a", "b")]), () => PutAsync(host, model.Id, "a", "x"),
            () => host.Artifacts.DeleteAsync(model.Id, ArtifactPath.Root), () => host.Artifacts.BeginUploadAsync(model.Id, ArtifactPath.Parse("a"), 1), () => host.Artifacts.AbortUploadAsync(model.Id, ArtifactPath.Parse("a"), "x"),
        ])
        {
            Assert.Equal(
                $"The logged model {model.Id} is that of the job j1: only the job writes its files, params and status. To have another one, log a model of your own.",
                (await Assert.ThrowsAsync<ForbiddenException>(change)).Message);
        }
        await host.Artifacts.PutAsync(own, ArtifactPath.Parse("a"), new MemoryStream([1]));
        await host.Models.LogParamsAsync(own, [new("a", "b")]);
        await host.Models.FinalizeAsync(own, LoggedModelStatus.Ready);
        await host.Models.SetTagsAsync(model.Id, new Dictionary<string, string> { ["seen"] = "x" });

        var found = await host.Models.GetAsync(model.Id);
        Assert.Equal((LoggedModelStatus.Ready, "b", "x"), (found.Status, found.Params["a"], found.Tags["seen"]));
        await host.Models.DeleteAsync(model.Id);
    }

    [Fact]
    public async Task It_keeps_the_newest_of_each_metric_data_set_and_run()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var (model, unlike, run, second) = (await CreateAsync(host), await CreateAsync(host), await CreateRunAsync(host), await CreateRunAsync(host));

        await host.Models.LogMetricsAsync(run.Id, [Metric("auc", 10, 0.5, model.Id, "train"), Metric("auc", 20, 0.6, model.Id, "test"), Metric("loss", 10, double.PositiveInfinity, model.Id)]);
        await other.Models.LogMetricsAsync(run.Id, [Metric("auc", 5, 0.1, model.Id, "train"), Metric("auc", 30, 0.7, model.Id, "test"), Metric("auc", 30, 0.9, unlike.Id)]);
        await other.Models.LogMetricsAsync(second.Id, [Metric("auc", 1, 0.3, model.Id, "test"), Metric("auc", 1, 0.3, None), Metric("auc", 1, 0.3, "m-1"), new("auc", new MetricPoint(0, 1, 0.3))]);

        var found = await host.Models.GetAsync(model.Id);
        Assert.Equal(
            new[] { ("auc", run.Id, "train", 0.5), ("auc", run.Id, "test", 0.7), ("auc", second.Id, "test", 0.3), ("loss", run.Id, (string?)null, double.MaxValue) }.Order(),
            found.Metrics.Select(metric => (metric.Key, metric.RunId, metric.Point.Source!.DatasetName, metric.Point.Value)).Order());
        // Logged again after a lost answer.
        await host.Models.LogMetricsAsync(run.Id, [Metric("auc", 30, 0.7, model.Id, "test")]);
        Assert.Equal(found.Revision, (await host.Models.GetAsync(model.Id)).Revision);

        // A job measures its own models only.
        var job = await JobRunAsync(host, "j1");
        await host.Models.LogMetricsAsync(new RunKey(job.Id, ByJob: true), [Metric("auc", 99, 1, model.Id, "test")]);
        Assert.Equal(found.Revision, (await host.Models.GetAsync(model.Id)).Revision);
    }

    [Fact]
    public async Task It_keeps_the_newest_thousand_metrics()
    {
        var host = await OpenAsync();
        var (model, run) = (await CreateAsync(host), await CreateRunAsync(host));

        await host.Models.LogMetricsAsync(run.Id, [.. Enumerable.Range(0, 1005).Select(i => Metric($"m{i}", i, i, model.Id))]);

        var found = (await host.Models.GetAsync(model.Id)).Metrics;
        Assert.Equal((1000, 5L), (found.Count, found.Min(metric => metric.Point.Timestamp)));
    }

    [Fact]
    public async Task Models_are_searched_and_ordered_on_every_host()
    {
        var host = await OpenAsync();
        var run = await CreateRunAsync(host);
        var (one, two, three) = (await NewAsync("one", "3"), await NewAsync("two", "3"), await NewAsync("three", "4"));
        await host.Models.FinalizeAsync(one.Id, LoggedModelStatus.Ready);
        await host.Models.SetTagsAsync(two.Id, new Dictionary<string, string> { ["team"] = "red" });
        await host.Models.LogMetricsAsync(
            run.Id, [Metric("auc/x", 1, 0.9, one.Id, "train"), Metric("auc/x", 2, 0.4, one.Id, "test"), Metric("auc/x", 1, 0.6, two.Id, "train"), Metric("auc/x", 2, 0.7, two.Id, "test")]);
        await host.Models.DeleteAsync((await NewAsync("deleted", "3")).Id);
        var other = await OpenAsync();

        foreach (var searched in new[] { host, other })
        {
            foreach (var (filter, names) in new[]
            {
                ((string?)null, "three two one"),
                ("params.depth = '3'", "two one"),
                ("name ILIKE 'T%' AND NOT (params.depth = '3')", "three"),
                ("status = 'READY' OR tags.team IS NOT NULL", "two one"),
                ($"model_id = '{three.Id}' OR attributes.source_run_id = '{run.Id}'", "three two one"),
                ("metrics.`auc/x` > 0.5", "two"),
                ("metrics.`auc/x` IS NULL", "three"),
                ("model_type = 'classifier' AND creation_timestamp > 0 AND last_updated_timestamp_ms > 0", "three two one"),
                ("name = 'deleted'", ""),
            })
                Assert.Equal(names, await NamesAsync(searched, filter));

            Assert.Equal("one", await NamesAsync(searched, "metrics.`auc/x` > 0.8", [new("train", null)]));
            Assert.Equal("two one", await NamesAsync(searched, null, [new("train", "d")]));
            Assert.Equal("", await NamesAsync(searched, null, [new("other", null)]));
            Assert.Equal("one three two", await NamesAsync(searched, null, [], new LoggedModelOrder("name", true, null)));
            Assert.Equal("one two three", await NamesAsync(searched, null, [], new LoggedModelOrder("metrics.auc/x", true, null)));
            Assert.Equal("two one three", await NamesAsync(searched, null, [], new LoggedModelOrder("metrics.auc/x", true, new("train", null))));
            Assert.Equal("three two one", await NamesAsync(searched, null, [], new LoggedModelOrder("params.depth", false, null), new LoggedModelOrder("creation_time", false, null)));
        }

        foreach (var order in (string[])["nothing", "metrics.`x`", "other.x", "name DESC", "name, model_id", ""])
            await Assert.ThrowsAsync<InvalidRequestException>(() => NamesAsync(host, null, [], new LoggedModelOrder(order, true, null)));
        foreach (var filter in (string[])["nothing = 'x'", "other.x = 'y'", "order.0 > 1", "name = x", "metrics.a = 'b'"])
            await Assert.ThrowsAsync<InvalidRequestException>(() => NamesAsync(host, filter));

        async Task<LoggedModel> NewAsync(string name, string depth)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            return await host.Models.CreateAsync(new NewLoggedModel("0", name, "classifier", run.Id, [new("depth", depth)], Nothing));
        }
    }

    [Fact]
    public async Task Pages_under_writes_have_every_model_that_was_there_all_the_time_once()
    {
        var host = await OpenAsync();
        var kept = new List<string>();
        for (var i = 0; i < 20; i++)
            kept.Add((await CreateAsync(host, $"kept{i % 3}")).Id);

        await PagesUnderWrites.HaveAllOnceAsync(
            kept,
            async token =>
            {
                var page = await host.Models.SearchAsync(new LoggedModelSearch(["0"], "name LIKE 'kept%'", [], [new LoggedModelOrder("name", false, null)], 3, token));
                return (page.Items.Select(model => model.Id), page.Cursor);
            },
            async i =>
            {
                var late = await CreateAsync(host, $"kept{i % 3}");
                if (i % 2 == 0)
                    await host.Models.DeleteAsync(late.Id);
            });
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Models.SearchAsync(new LoggedModelSearch(["0"], null, [], [], 3, "wrong")));
    }

    [Fact]
    public async Task A_model_is_deleted_for_good_with_its_experiment_and_its_bytes_go()
    {
        var host = await OpenAsync();
        var experiment = await CreateExperimentAsync(host);
        var model = await host.Models.CreateAsync(new NewLoggedModel(experiment.Id, "bread", null, null, [], Nothing));
        var (own, kept) = ((await PutAsync(host, model.Id, "a/own", "own")).Sha256!, await CreateAsync(host));
        var shared = (await PutAsync(host, model.Id, "shared", "shared")).Sha256!;
        await PutAsync(host, kept.Id, "b/shared", "shared");
        await host.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromDays(2));
        Assert.NotNull(await host.Bytes.GetPropertiesAsync(own));

        await host.Experiments.DeleteAsync(experiment.Id);
        await host.Collector.PurgeExperimentAsync(experiment.Id);

        await Assert.ThrowsAsync<NotFoundException>(() => host.Models.FindAsync(model.Id));
        Assert.DoesNotContain((await host.Documents.ScanAsync(TrackingCollections.Artifacts, 100)).Documents, document => document.Partition.StartsWith(model.Id, StringComparison.Ordinal));
        await host.Sweeper.RunAsync(DateTimeOffset.UtcNow + TimeSpan.FromDays(2));
        Assert.Equal((true, false), (await host.Bytes.GetPropertiesAsync(own) is null, await host.Bytes.GetPropertiesAsync(shared) is null));
        Assert.Equal(["b/shared"], await AllAsync(host, kept.Id));
    }

    [Fact]
    public async Task The_garbage_collection_deletes_what_was_deleted_long_ago_and_ends_what_a_crash_left()
    {
        var host = await OpenAsync();
        var experiment = await CreateExperimentAsync(host);
        var (old, young, active, halfway) = (await CreateAsync(host), await CreateAsync(host), await CreateAsync(host), await CreateAsync(host));
        var (orphan, gone) = (await host.Models.CreateAsync(new NewLoggedModel(experiment.Id, "bread", null, null, [], Nothing)), await CreateAsync(host));
        foreach (var model in new[] { old, young, active, halfway, orphan, gone })
            await PutAsync(host, model.Id, "a/file", "x");
        await host.Models.DeleteAsync(old.Id);
        Time.Advance(TimeSpan.FromDays(31));
        await host.Models.DeleteAsync(young.Id);
        var read = (await host.Documents.GetAsync(TrackingCollections.LoggedModels, "0", halfway.Id))!;
        await host.Documents.ReplaceAsync(TrackingCollections.LoggedModels, "0", halfway.Id, read.Value with { IsPurging = true, Revision = 2 }, read.ETag);
        var left = (await host.Documents.GetAsync(TrackingCollections.Experiments, TrackingCollections.AllExperiments, experiment.Id))!;
        await host.Documents.DeleteAsync(TrackingCollections.Experiments, left.Partition, left.Id, left.ETag);
        var lost = (await host.Documents.GetAsync(TrackingCollections.LoggedModels, "0", gone.Id))!;
        await host.Documents.DeleteAsync(TrackingCollections.LoggedModels, lost.Partition, lost.Id, lost.ETag);

        var (_, _, models) = await (await OpenAsync()).Collector.RunAsync(Time.GetUtcNow());

        Assert.Equal(3, models);
        var kept = new[] { young.Id, active.Id }.Order(StringComparer.Ordinal).ToList();
        Assert.Equal(kept, (await host.Documents.ScanAsync(TrackingCollections.LoggedModels, 10)).Documents.Select(model => model.Id).Order(StringComparer.Ordinal));
        Assert.Equal(kept, (await host.Documents.ScanAsync(TrackingCollections.Artifacts, 100)).Documents.Select(document => document.Partition.Split('/')[0]).Distinct().Order(StringComparer.Ordinal));
    }

    private static Task<LoggedModel> CreateAsync(TrackingHost host, string name = "bread") => host.Models.CreateAsync(new NewLoggedModel("0", name, null, null, [], Nothing));

    private static Task<Run> JobRunAsync(TrackingHost host, string job) => host.Runs.CreateAsync(new NewRun("0", null, "baker", null, Nothing, job));

    private static LoggedMetric Metric(string key, long time, double value, string model, string? dataset = null) =>
        new(key, new MetricPoint(0, time, value) { Source = new MetricSource(model, dataset, dataset is null ? null : "d") });

    private static async Task<string> NamesAsync(TrackingHost host, string? filter, IReadOnlyList<LoggedModelDataset>? datasets = null, params LoggedModelOrder[] order) =>
        string.Join(' ', (await host.Models.SearchAsync(new LoggedModelSearch(["0"], filter, datasets ?? [], order, 10, null))).Items.Select(model => model.Name));

    private static Task<RunArtifact> PutAsync(TrackingHost host, string owner, string path, string content) =>
        host.Artifacts.PutAsync(owner, ArtifactPath.Parse(path), new MemoryStream(Encoding.UTF8.GetBytes(content)));

    private static async Task<string> ReadAsync(TrackingHost host, string owner, string path)
    {
        await using var content = await host.Artifacts.OpenAsync((await host.Artifacts.FindAsync(owner, ArtifactPath.Parse(path)))!);
        return await new StreamReader(content).ReadToEndAsync();
    }

    private static async Task<List<string>> AllAsync(TrackingHost host, string owner) =>
        await host.Artifacts.FilesAsync(owner, ArtifactPath.Root).Select(file => file.Path.ToString()).Order(StringComparer.Ordinal).ToListAsync();
}
