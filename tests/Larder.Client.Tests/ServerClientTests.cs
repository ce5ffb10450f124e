using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Larder.Client.Tests.Support;
using Larder.Contracts;

namespace Larder.Client.Tests;

/// <summary>The client against a real server.</summary>
[Collection(ServerTests.Name)]
public sealed class ServerClientTests(LarderServer server)
{
    private static readonly string Iris = RepositoryFiles.PathOf("samples/iris/iris.onnx");

    private readonly LarderClient _larder = server.Client;

    [Fact]
    public async Task A_model_is_uploaded_described_asked_moved_and_deleted()
    {
        var uploaded = await UploadAsync("walk", new() { ["team"] = "botany" });
        Assert.Equal((1, "READY"), (uploaded.Version.Version, uploaded.Version.Status));
        Assert.Equal(2, (await UploadAsync("walk")).Version.Version);

        var found = await _larder.Models.GetAsync("walk:1");
        Assert.Equal("botany", found.Version!.Tags["team"]);
        Assert.Contains(await _larder.Models.ListAsync().ToListAsync(), model => model.Name == "walk");
        Assert.Equal([1, 2], await _larder.Models.ListVersionsAsync("walk").Select(version => version.Version).ToListAsync());

        Assert.Equal(0, (await _larder.Predictions.PredictAsync("walk", JsonElement.Parse("[5.1, 3.5, 1.4, 0.2]"))).Values[0].GetInt32());
        using var csv = new MemoryStream("petal_width,petal_length,sepal_width,sepal_length\n0.2,1.4,3.5,5.1\n"u8.ToArray());
        Assert.Equal("setosa", (await _larder.Predictions.PredictCsvAsync("walk", csv, new PredictionOptions { Top = 2 })).Labels!["label"][0].GetString());

        Assert.Equal((null, 1), Of(await _larder.Models.SetAliasAsync("walk", "champion", 1)));
        Assert.Equal((1, 2), Of(await _larder.Models.SetAliasAsync("walk", "champion", 2)));
        Assert.Equal((2, 1), Of(await _larder.Models.SetDefaultAsync("walk", 1)));
        Assert.Equal((1, 2), Of(await _larder.Models.SetDefaultAsync("walk", null)));
        Assert.Equal("A walk.", (await _larder.Models.EditAsync("walk", new ModelEditRequest { ModelDescription = "A walk." })).Description);
        Assert.Equal("First.", (await _larder.Models.EditVersionAsync("walk", 1, new VersionEditRequest { Description = "First." })).Description);

        using var copy = new MemoryStream();
        await _larder.Models.DownloadAsync("walk:1", copy);
        Assert.Equal(await File.ReadAllBytesAsync(Iris), copy.ToArray());

        var refusal = await Assert.ThrowsAsync<LarderException>(() => _larder.Models.DeleteAsync("walk:2"));
        Assert.Equal(HttpStatusCode.Conflict, refusal.StatusCode);
        Assert.Contains("champion", refusal.Message, StringComparison.Ordinal);
        await _larder.Models.DeleteAliasAsync("walk", "champion");
        await _larder.Models.DeleteAsync("walk");
        Assert.Equal("walk", (await _larder.Models.RestoreAsync("walk")).Name);
    }

    [Fact]
    public async Task A_refused_model_is_an_exception_with_the_servers_sentence_and_the_request_id()
    {
        using var text = new MemoryStream("no model"u8.ToArray());

        var refusal = await Assert.ThrowsAsync<LarderException>(() => _larder.Models.UploadAsync("refused", new ModelUpload { File = new FilePart("a.onnx", text) }));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refusal.StatusCode);
        Assert.Equal("The file looks like text; an ONNX model is expected.", refusal.Message);
        Assert.NotNull(refusal.RequestId);
    }

    [Fact]
    public async Task A_wrong_token_is_refused_with_a_sentence_before_a_file_is_sent()
    {
        using var stranger = new LarderClient(server.Address, new LarderClientOptions { Token = "wrong" });
        using var file = new MemoryStream(new byte[8 << 20]);
        long sent = 0;

        var refusal = await Assert.ThrowsAsync<LarderException>(() => stranger.Models.UploadAsync("stranger", new ModelUpload { File = new FilePart("a.onnx", file) }, new Sink(bytes => sent = bytes)));

        Assert.Equal(HttpStatusCode.Unauthorized, refusal.StatusCode);
        Assert.Equal(0, sent);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_exception_without_a_status()
    {
        using var lost = new LarderClient(new Uri("http://127.0.0.1:1"), new LarderClientOptions { Retries = 0 });

        var failure = await Assert.ThrowsAsync<LarderException>(() => lost.Server.GetVersionAsync());

        Assert.Null(failure.StatusCode);
        Assert.Contains("http://127.0.0.1:1/ cannot be reached", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_program_at_the_address_is_told_from_Larder()
    {
        await using var other = await ScriptedServer.StartAsync((context, _) => Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, "<html>hello</html>"));
        using var client = other.Client();

        Assert.Contains("is it the right address?", (await Assert.ThrowsAsync<LarderException>(() => client.Server.GetVersionAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_upload_goes_on_with_the_blocks_that_are_missing()
    {
        // Three blocks and a piece.
        var content = RandomNumberGenerator.GetBytes((3 * LarderServer.BlockBytes) + 1000);
        using var file = new MemoryStream(content);
        var upload = await _larder.Uploads.BeginAsync("blocks", new NewUploadRequest { Kind = "dataset", FileName = "random.bin", SizeBytes = content.Length });
        Assert.Equal(LarderServer.BlockBytes, upload.BlockSize);

        using var interrupted = new CancellationTokenSource();
        var stored = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _larder.Uploads.SendAsync(upload, file, progress: new Sink<UploadProgress>(progress =>
        {
            stored = progress.Blocks;
            if (stored == 2)
                interrupted.Cancel();
        }), cancellationToken: interrupted.Token));
        Assert.Equal(2, stored);

        // A new process knows the id and the number of blocks only.
        file.Position = 0;
        var sent = new List<int>();
        var found = await _larder.Uploads.GetAsync("blocks", upload.Id);
        var hash = await _larder.Uploads.SendAsync(found, file, stored, new Sink<UploadProgress>(progress => sent.Add(progress.Blocks)));
        var job = await _larder.Jobs.WaitAsync((await _larder.Uploads.CompleteAsync("blocks", upload.Id, new CompleteUploadRequest { Sha256 = hash, SizeBytes = content.Length })).Id);

        Assert.Equal([3, 4], sent);
        Assert.Equal(JobStates.Succeeded, job.State);
        using var copy = new MemoryStream();
        await _larder.Datasets.DownloadAsync("blocks", "random.bin", copy);
        Assert.Equal(content, copy.ToArray());
        Assert.Equal("datasets/blocks/random.bin", (await _larder.Datasets.ListAsync("blocks").SingleAsync()).Dataset);
        await _larder.Datasets.DeleteAsync("blocks", "random.bin");
        Assert.Empty(await _larder.Datasets.ListAsync("blocks").ToListAsync());
    }

    [Fact]
    public async Task Storage_that_refuses_a_block_is_named_without_the_secret_of_its_URL()
    {
        var upload = await _larder.Uploads.BeginAsync("secret", new NewUploadRequest());
        var forged = upload with { Url = new Uri(upload.Url!.AbsoluteUri.Replace("sp=cw", "sp=r", StringComparison.Ordinal)) };
        using var file = new MemoryStream([1]);

        var refusal = await Assert.ThrowsAsync<LarderException>(() => _larder.Uploads.SendAsync(forged, file));

        Assert.Equal(HttpStatusCode.Forbidden, refusal.StatusCode);
        Assert.DoesNotContain("sig=", refusal.ToString(), StringComparison.Ordinal);
        await _larder.Uploads.AbandonAsync("secret", upload.Id);
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<LarderException>(() => _larder.Uploads.GetAsync("secret", upload.Id))).StatusCode);
    }

    [Fact]
    public async Task A_training_is_followed_and_scheduled_and_is_a_run()
    {
        await using var script = File.OpenRead(RepositoryFiles.PathOf("samples/iris/train.py"));
        await using var dataset = File.OpenRead(RepositoryFiles.PathOf("samples/iris/iris.csv"));
        var job = await _larder.Trainings.StartAsync("trained", new TrainingSubmission
        {
            Script = new FilePart("train.py", script),
            Dataset = new FilePart("iris.csv", dataset),
            Options = JsonElement.Parse("""{"timeout": 300}"""),
        });

        var lines = await _larder.Jobs.FollowLogAsync(job.Id).Select(one => one.Line.M).ToListAsync();
        var ended = await _larder.Jobs.WaitAsync(job.Id);

        Assert.Contains(lines, line => line.StartsWith("accuracy: ", StringComparison.Ordinal));
        Assert.Equal((JobStates.Succeeded, 1), (ended.State, ended.Version));
        Assert.Equal(lines, await _larder.Jobs.ReadLogAsync(job.Id).Select(line => line.M).ToListAsync());
        Assert.Contains(await _larder.Jobs.GetOutputsAsync(job.Id), output => output.Path == "metrics.json");
        using var metrics = new MemoryStream();
        await _larder.Jobs.DownloadOutputAsync(job.Id, "metrics.json", metrics);
        Assert.True(JsonElement.Parse(metrics.ToArray()).GetProperty("accuracy").GetDouble() > 0.9);
        Assert.Contains((await _larder.Jobs.GetInputsAsync(job.Id)).Inputs, input => input.Name == "script");
        Assert.Equal(job.Id, (await _larder.Jobs.ListAsync(new JobFilter { Model = "trained", Types = ["train"], States = ["succeeded"] }).SingleAsync()).Id);

        var experiment = await _larder.Experiments.GetByNameAsync("trained");
        var run = await _larder.Experiments.SearchRunsAsync([experiment.ExperimentId], "metrics.accuracy > 0.9").SingleAsync();
        Assert.Equal(ended.Run, run.Info.RunId);
        Assert.Equal("accuracy", Assert.Single((await _larder.Experiments.CompareAsync(experiment.ExperimentId, [run.Info.RunId])).Metrics, metric => metric.Name == "accuracy").Name);
        Assert.Equal("FINISHED", (await _larder.Experiments.GetRunAsync(run.Info.RunId)).Info.Status);

        var schedule = await _larder.Schedules.CreateAsync(new ScheduleRequest
        {
            Name = "nightly",
            Cron = "30 2 * * *",
            Job = new ScheduledJobRequest { Type = "train", Model = "trained", Inputs = new ScheduledInputDetails { Version = "trained:1" } },
        });
        Assert.False((await _larder.Schedules.PauseAsync(schedule.Id)).Enabled);
        Assert.Equal("0 3 * * *", (await _larder.Schedules.UpdateAsync(schedule.Id, new ScheduleRequest { Cron = "0 3 * * *" })).Cron);
        Assert.True((await _larder.Schedules.ResumeAsync(schedule.Id)).Enabled);
        Assert.Equal(5, (await _larder.Schedules.GetAsync(schedule.Id)).NextRuns!.Count);
        Assert.Contains(await _larder.Schedules.ListAsync("trained").ToListAsync(), one => one.Id == schedule.Id);
        await _larder.Schedules.DeleteAsync(schedule.Id);
    }

    [Fact]
    public async Task A_data_set_is_scored()
    {
        await UploadAsync("scored");
        await using var dataset = File.OpenRead(RepositoryFiles.PathOf("samples/iris/iris.csv"));

        var job = await _larder.Scorings.StartAsync("scored", new ScoringSubmission { Dataset = new FilePart("iris.csv", dataset), Options = JsonElement.Parse("""{"keep": ["species"]}""") });
        var ended = await _larder.Jobs.WaitAsync(job.Id);

        Assert.Equal(JobStates.Succeeded, ended.State);
        Assert.Contains(ended.Outputs!, output => output.Path == "scored.csv");
        Assert.Contains("removed", await _larder.Jobs.DeleteAsync(job.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_reads_all_pages_and_narrows_and_orders_what_it_finds()
    {
        // More than a page: each is a model and a version.
        for (var i = 0; i < 11; i++)
            await UploadAsync($"horsetail-{i}", new() { ["side"] = i % 2 == 0 ? "even" : "odd" });

        var all = await _larder.Search.SearchAsync("horsetial").ToListAsync();
        var odd = await _larder.Search.SearchAsync("horsetail", new SearchFilter { Kinds = ["version", "dataset"], Filter = "tags.side = 'odd'", Order = "title ASC" }).ToListAsync();
        var refusal = await Assert.ThrowsAsync<LarderException>(() => _larder.Search.SearchAsync("horsetail", new SearchFilter { Direction = "min" }).ToListAsync().AsTask());

        Assert.Equal(22, all.DistinctBy(hit => (hit.Kind, hit.Id)).Count());
        Assert.Equal(["horsetail-1:1", "horsetail-3:1", "horsetail-5:1", "horsetail-7:1", "horsetail-9:1"], odd.Select(hit => hit.Id));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refusal.StatusCode);
        Assert.Contains("give metric, too", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_are_made_used_and_revoked()
    {
        var made = await _larder.Tokens.CreateAsync(new NewTokenRequest { Name = "reader-of-tests", Role = "reader" });
        using var reader = new LarderClient(server.Address, new LarderClientOptions { Token = made.Token });

        Assert.NotEmpty((await reader.Server.GetVersionAsync()).Version);
        Assert.Equal(HttpStatusCode.Forbidden, (await Assert.ThrowsAsync<LarderException>(() => reader.Models.DeleteAsync("walk"))).StatusCode);
        Assert.Contains(await _larder.Tokens.ListAsync().ToListAsync(), token => token.Id == made.Info.Id);
        await _larder.Tokens.RevokeAsync(made.Info.Id);
        Assert.DoesNotContain(await _larder.Tokens.ListAsync().ToListAsync(), token => token.Id == made.Info.Id);
        Assert.Equal("Ready", await _larder.Server.CheckReadyAsync());
        Assert.Contains(await _larder.Jobs.ListTypesAsync(), type => type.Type == "train");
    }

    private static (int?, int?) Of(AliasAnswer answer) => (answer.Previous, answer.Current);

    private async Task<UploadedVersionAnswer> UploadAsync(string model, Dictionary<string, string>? tags = null)
    {
        await using var file = File.OpenRead(Iris);
        return await _larder.Models.UploadAsync(model, new ModelUpload { File = new FilePart("iris.onnx", file), Tags = tags });
    }

    private sealed class Sink<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }

    private sealed class Sink(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
