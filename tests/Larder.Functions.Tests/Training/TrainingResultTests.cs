using System.Net;
using System.Text.Json.Nodes;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Training;

[Collection(nameof(SharedTraining))]
public sealed class TrainingResultTests(TrainingFixture larder)
{
    [Fact]
    public async Task The_gate_moves_the_alias_only_to_a_version_that_is_as_good()
    {
        const string options = """{"alias": "champion", "gate": {"metric": "accuracy", "threshold": 0.5, "against": "champion"}}""";
        await TrainAsync("""{"loss": 3}""", """{"alias": "champion"}""", true, "The alias champion points at version 1.");
        Assert.Equal(1, await ChampionAsync());

        const string passing = """{"alias": "champion", "gate": {"metric": "accuracy", "threshold": 0.5, "against": "champion", "on_missing": "pass"}}""";
        var first = await TrainAsync(
            """{"accuracy": 0.8}""", passing, true, "accuracy is 0.8; champion (version 1) has no such metric to compare with, which passes (on_missing). The alias champion points at version 2.");
        Assert.Equal((1, null), ((int)first["gate"]!["against_version"]!, (double?)first["gate"]!["against_value"]));
        var left = await Task.WhenAll(
            TrainAsync("""{"accuracy": 0.7}""", options, false, "accuracy is 0.7, worse than 0.8 of champion (version 2). The alias champion was left where it is."),
            TrainAsync("""{"accuracy": 0.4}""", options, false, "accuracy is 0.4, below the threshold 0.5. The alias champion was left where it is."),
            TrainAsync("""{"f1": 1}""", options, false, "The training reported no metric 'accuracy'; \"on_missing\": \"pass\" would let it pass. The alias champion was left where it is."));
        Assert.Equal((0.7, 0.8), ((double)left[0]["gate"]!["value"]!, (double)left[0]["gate"]!["against_value"]!));
        Assert.Equal([3, 4, 5], left.Select(job => (int)job["version"]!).Order());
        Assert.Equal(2, await ChampionAsync());
        await TrainAsync("""{"accuracy": 0.9}""", options, true, "accuracy is 0.9, against 0.8 of champion (version 2). The alias champion points at version 6.");
        Assert.Equal(6, await ChampionAsync());

        async Task<JsonNode> TrainAsync(string metrics, string asked, bool passed, string reason)
        {
            var job = await larder.TrainAsync("gated", With("metrics.json", metrics), options: asked);
            Assert.Equal(("succeeded", reason), ((string?)job["state"], (string?)job["reason"]));
            Assert.Equal(passed, (bool?)job["gate"]?["passed"] ?? true);
            return job;
        }

        async Task<int> ChampionAsync() => (int)(await larder.Client.GetJsonAsync("/api/v1/models/gated:champion")).Body["version"]!["version"]!;
    }

    [Fact]
    public async Task The_path_may_name_the_file_that_is_the_model_and_three_files_are_told_apart_by_extension()
    {
        const string script = """
            import os, shutil
            out = os.environ["LARDER_OUTPUT_DIR"]
            for name in ("other.onnx", "named.onnx"):
                shutil.copy(os.environ["LARDER_DATASET"], os.path.join(out, name))
            with open(os.path.join(out, "other.onnx"), "ab") as file:
                file.write(b"not a model")
            """;
        using var form = new MultipartFormDataContent
        {
            { new StringContent(script), "files", "train.py" },
            { new StringContent(""), "files", "requirements.txt" },
            { new ByteArrayContent(OnnxModel.Linear(classes: 3)), "files", "data.bin" },
        };
        var accepted = await larder.Client.PostAsync("/api/v1/train/buffet/named.onnx", form).ReadAnswerAsync();
        using var other = new MultipartFormDataContent { { new StringContent("print(1)"), "script", "train.py" } };
        var refused = await larder.Client.PostAsync("/api/v1/train/buffet/model.pkl", other).ReadAnswerAsync();

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "Filename extension not allowed. Please use one of these: ['.onnx']. The file seems to be a Python pickle. docs/onnx.md#scikit-learn describes the conversion."), (refused.Status, refused.Description));
        Assert.Equal(HttpStatusCode.Accepted, accepted.Status);
        var job = await larder.Client.EndOfAsync((string)accepted.Body["job"]!["id"]!, () => larder.Log);
        Assert.True((string?)job["state"] == "succeeded", job.ToString());
        Assert.Contains(job["steps"]!.AsArray(), step => (string?)step!["name"] == "find" && (string?)step["detail"] == "outputs/named.onnx");
    }

    [Fact]
    public async Task Compiling_registers_the_optimised_graph_as_a_version_linked_both_ways_or_says_why_not()
    {
        var job = await larder.TrainAsync("compiled", TrainingClient.Copy, options: """{"compile": {}}""");
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        Assert.Equal((1, 2), ((int)job["version"]!, (int)job["optimized_version"]!));
        Assert.Equal((1, "optimized"), ((int)(await VersionAsync("compiled:2"))["optimized_from"]!, (string?)(await VersionAsync("compiled:2"))["kind"]));
        Assert.Equal(2, (int)(await VersionAsync("compiled:1"))["optimized_to"]!);
        Assert.Equal(1, (int)(await VersionAsync("compiled"))["version"]!);
        Assert.Equal(HttpStatusCode.OK, (await larder.Client.PredictAsync("compiled:2", """{"values":[5.1,3.5,1.4,0.2]}""")).Status);

        // Samples that the model cannot take: the original is registered all the same.
        job = await larder.TrainAsync("uncompiled", With("samples.json", """[{"no_such_input": [1]}]"""), options: """{"compile": true}""");
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        Assert.Equal((1, null), ((int)job["version"]!, (int?)job["optimized_version"]));
        Assert.StartsWith("samples[0] cannot be used", (string?)job["compilation"]);
        Assert.Null((await VersionAsync("uncompiled:1"))["optimized_to"]);
    }

    [Fact]
    public async Task Metrics_tags_and_lineage_go_to_the_version_and_other_files_stay_with_the_job_byte_for_byte()
    {
        byte[] picture = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 13)), 0, 13, 10];
        var job = await larder.TrainAsync(
            "kept",
            $"{With("metrics.json", """{"accuracy": 0.75, "loss": 1e-3}""")}\nimport os\nout = os.environ['LARDER_OUTPUT_DIR']\nos.makedirs(os.path.join(out, 'plots/größe'))\n"
            + "open(os.path.join(out, 'plots/größe/a b#?%20.png'), 'wb').write(bytes(i * 13 % 256 for i in range(200000)) + bytes([0, 13, 10]))",
            options: """{"tags": {"team": "späti"}}""");
        Assert.True((string)job["state"]! == "succeeded", job.ToString());
        var id = (string)job["id"]!;

        var version = await VersionAsync("kept:1");
        Assert.Equal((0.75, 0.001), ((double)version["metrics"]!["accuracy"]!, (double)version["metrics"]!["loss"]!));
        Assert.Equal((0.75, 0.001), ((double)job["metrics"]!["accuracy"]!, (double)job["metrics"]!["loss"]!));
        Assert.Equal(("späti", id, $"job:{id}"), ((string?)version["tags"]!["team"], (string?)version["job"], (string?)version["source"]));

        var outputs = (await larder.Client.GetJsonAsync($"/api/v1/jobs/{id}/outputs")).Body["outputs"]!.AsArray();
        Assert.Equal(["kept.onnx", "metrics.json", "plots/größe/a b#?%20.png"], outputs.Select(output => (string)output!["path"]!).Order(StringComparer.Ordinal));
        var path = string.Join('/', "plots/größe/a b#?%20.png".Split('/').Select(Uri.EscapeDataString));
        Assert.Equal(picture, await larder.Client.GetByteArrayAsync($"/api/v1/jobs/{id}/outputs/{path}"));
        Assert.Equal(OnnxModel.Linear(classes: 3), await larder.Client.GetByteArrayAsync($"/api/v1/jobs/{id}/outputs/kept.onnx"));
        var listed = outputs.Single(output => (string?)output!["path"] == "plots/größe/a b#?%20.png")!;
        Assert.Equal((picture.Length, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(picture))), ((int)listed["size_bytes"]!, (string)listed["sha256"]!));
    }

    [Fact]
    public async Task A_metric_that_is_no_number_is_left_out_alone_and_the_jobs_reason_names_it()
    {
        (string Metrics, string Kept, string Says)[] cases =
        [
            // As Python's json.dump writes it.
            ("""{"accuracy": NaN, "loss": 1}""", """{"loss":1}""", "which were left out: 'accuracy'."),
            ("null", "{}", "metrics.json was ignored"),
        ];
        var jobs = await Task.WhenAll(cases.Select(one => larder.TrainAsync("odd-metrics", With("metrics.json", one.Metrics))));

        Assert.All(jobs.Zip(cases), pair =>
        {
            var (job, (_, kept, says)) = pair;
            Assert.True((string)job["state"]! == "succeeded", job.ToString());
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(kept), job["metrics"]), job.ToString());
            Assert.Contains(says, (string?)job["reason"]);
            Assert.Contains(says, (string?)job["steps"]!.AsArray().Single(step => (string?)step!["name"] == "collect")!["detail"]);
        });
    }

    [Fact]
    public async Task The_model_is_found_by_its_name_or_by_larder_json_or_as_the_only_one()
    {
        string[] ways =
        [
            "open(name, 'wb').write(model)",
            "os.mkdir('deep'); open('deep/' + name + '.onnx', 'wb').write(model)",
            "open(os.path.join(out, 'only.onnx'), 'wb').write(model)",
            """open(os.path.join(out, 'a.onnx'), 'wb').write(b'x'); open(os.path.join(out, 'b.bin'), 'wb').write(model); open(os.path.join(out, 'larder.json'), 'w').write('{"model": "b.bin", "labels": ["no"], "features": ["a", "b", {"name": "c", "unit": "cm"}, "d"]}')""",
            "os.mkdir('deep'); open('deep/weights.ONNX', 'wb').write(model)",
            """open('weights.onnx', 'wb').write(model); open(os.path.join(out, 'larder.json'), 'w').write('{"labels": ["no", "yes"]}')""",
            // The same bytes twice are one model.
            "open(name + '.onnx', 'wb').write(model); open(os.path.join(out, name), 'wb').write(model)",
        ];
        const string script = "import os\nout = os.environ['LARDER_OUTPUT_DIR']\nname = os.environ['LARDER_MODEL']\nmodel = open(os.environ['LARDER_DATASET'], 'rb').read()[::-1]\n";
        var jobs = await Task.WhenAll(ways.Select(way => larder.TrainAsync("found", script + way, [.. OnnxModel.Linear().Reverse()])));

        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(OnnxModel.Linear()));
        foreach (var job in jobs)
        {
            Assert.True((string)job["state"]! == "succeeded", job.ToString());
            Assert.Equal(hash, (string?)(await VersionAsync($"found:{job["version"]}"))["sha256"]);
        }

        var told = await VersionAsync($"found:{jobs[3]["version"]}");
        Assert.Equal("""["no"] [{"name":"a"},{"name":"b"},{"name":"c","unit":"cm"},{"name":"d"}]""", $"{told["labels"]!.ToJsonString()} {told["features"]!.ToJsonString()}");
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], jobs.Select(job => (int)job["version"]!).Order());
    }

    [Fact]
    public async Task A_model_with_its_weights_in_another_file_becomes_one_version_wherever_it_was_left()
    {
        var (model, data) = OnnxModel.LinearWithData();
        var write = $"import os, json\nout = os.environ['LARDER_OUTPUT_DIR']\ndef write(folder):\n    open(os.path.join(folder, 'model.onnx'), 'wb').write(bytes.fromhex('{Convert.ToHexString(model)}'))\n    open(os.path.join(folder, 'model.onnx.data'), 'wb').write(bytes.fromhex('{Convert.ToHexString(data)}'))\n";
        var jobs = await Task.WhenAll(
            larder.TrainAsync("data-out", $"{write}write(out)\n# Probabilities are not farther from 0.5 than 0.5.\njson.dump({{'values': [[5.1, 3.5, 1.4, 0.2]]}}, open(os.path.join(out, 'sample_inputs.json'), 'w'))\njson.dump({{'outputs': {{'probabilities': [[0.5, 0.5, 0.5]]}}}}, open(os.path.join(out, 'sample_outputs.json'), 'w'))\njson.dump({{'sample_tolerance': {{'atol': 0.5, 'rtol': 0}}, 'description': 'Net', 'model_description': 'Nets', 'tags': {{'a': 'script', 'b': 'script'}}}}, open(os.path.join(out, 'larder.json'), 'w'))", options: """{"tags": {"a": "options"}, "compile": {}}"""),
            larder.TrainAsync("data-out", $"{write}os.mkdir('deep')\nwrite('deep')\nopen('deep/other.data', 'w').write('x')"));

        foreach (var job in jobs)
        {
            Assert.True((string)job["state"]! == "succeeded", job.ToString());
            var version = await VersionAsync($"data-out:{job["version"]}");
            Assert.Equal(["model.onnx", "model.onnx.data"], version["manifest"]!.AsArray().Select(file => (string)file!["name"]!));
            Assert.Equal(HttpStatusCode.OK, (await larder.Client.PredictAsync($"data-out:{job["version"]}", """{"values":[5.1,3.5,1.4,0.2]}""")).Status);
        }

        Assert.Contains("It was not compiled: its weights are in files of their own", (string?)jobs[0]["compilation"]);
        var told = await VersionAsync($"data-out:{jobs[0]["version"]}");
        Assert.Equal(("Net", """{"a":"options","b":"script"}"""), ((string?)told["description"], told["tags"]!.ToJsonString()));
        Assert.Equal((0.5, null), ((double)told["samples"]!["tolerance"]!["atol"]!, (string?)told["samples"]!["check"]!["difference"]));
    }

    [Fact]
    public async Task Metrics_in_the_scripts_folder_count_and_several_models_there_are_named()
    {
        const string script = "import os, shutil\nfor name in ['%1', '%2']:\n    shutil.copy(os.environ['LARDER_DATASET'], name)\n    open(name, 'ab').write(name.encode())\nopen('metrics.json', 'w').write('{\"accuracy\": 0.5}')\n";
        var jobs = await Task.WhenAll(
            larder.TrainAsync("beside", script.Replace("%1", "a.onnx").Replace("%2", "b.onnx")),
            larder.TrainAsync("beside", $"{TrainingClient.Copy}\nopen('metrics.json', 'w').write('{{\"accuracy\": 0.75}}')\nopen('checkpoint.onnx', 'w').write('x')"));

        Assert.Equal(
            ("failed", "Several files could be the model; leave one, or name one in larder.json ({\"model\": path}) in LARDER_OUTPUT_DIR. They are: a.onnx, b.onnx."),
            ((string?)jobs[0]["state"], (string?)jobs[0]["reason"]));
        Assert.Equal(0.5, (double)jobs[0]["metrics"]!["accuracy"]!);
        Assert.Equal(("succeeded", 0.75), ((string?)jobs[1]["state"], (double)jobs[1]["metrics"]!["accuracy"]!));
    }

    [Fact]
    public async Task A_job_that_is_over_is_deleted_with_its_log_its_outputs_and_its_history_and_its_version_stays()
    {
        var job = await larder.TrainAsync("deleted", TrainingClient.Copy);
        var id = (string)job["id"]!;

        Assert.Equal(HttpStatusCode.OK, (await larder.Client.SendJsonAsync(HttpMethod.Delete, $"/api/v1/jobs/{id}")).Status);

        Assert.DoesNotContain(await larder.EverythingAsync(), name => name.Contains(id, StringComparison.Ordinal));
        // The orchestration's last turn may come after the deletion: then the janitor, each minute, removes its history.
        await Eventually.TrueAsync(async () => (await larder.HistoryAsync(id)).Count == 0);
        foreach (var path in new[] { "", "/logs", "/outputs", "/outputs/deleted.onnx" })
            Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync($"/api/v1/jobs/{id}{path}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{id}/retry")).Status);
        Assert.Equal(id, (string?)(await VersionAsync("deleted:1"))["job"]);
        Assert.Equal(HttpStatusCode.OK, (await larder.Client.PredictAsync("deleted", """{"values":[5.1,3.5,1.4,0.2]}""")).Status);
    }

    [Fact]
    public async Task A_job_that_has_ended_is_run_again_as_a_job_of_its_own()
    {
        var first = await larder.TrainAsync("retried", TrainingClient.Copy, options: """{"tags": {"a": "b"}}""");
        var answer = await larder.Client.SendJsonAsync(HttpMethod.Post, $"/api/v1/jobs/{first["id"]}/retry");
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Assert.Equal($"/api/v1/jobs/{answer.Body["job"]!["id"]}", answer.Headers.Location!.ToString());
        var second = await larder.EndAsync((string)answer.Body["job"]!["id"]!);

        Assert.Equal(("succeeded", (string)first["id"]!), ((string?)second["state"], (string?)second["retry_of"]));
        Assert.True(JsonNode.DeepEquals(first["inputs"], second["inputs"]));
        Assert.Equal((1, 2), ((int)first["version"]!, (int)second["version"]!));
        Assert.Equal("b", (string?)(await VersionAsync("retried:2"))["tags"]!["a"]);
    }

    private static string With(string name, string content) =>
        $"{TrainingClient.Copy}\nopen(os.path.join(os.environ['LARDER_OUTPUT_DIR'], '{name}'), 'w').write({JsonValue.Create(content).ToJsonString()})";

    private async Task<JsonNode> VersionAsync(string reference) => (await larder.Client.GetJsonAsync($"/api/v1/models/{reference}")).Body["version"]!;
}
