using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.Prediction;
using Larder.Grpc;
using Larder.Grpc.Protocol;
using Larder.Inference;
using Larder.Inference.Images;
using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Inference.Signatures;
using Larder.Inference.Tests;
using Larder.Inference.Validation.Tests.Scanning;
using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Backup.Archives;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Scoring.Rows;
using Larder.Orchestrations.Scoring.Splitting;
using Larder.Orchestrations.Training;
using Larder.Orchestrations.Uploads;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Backup;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Larder.Testing;
using Larder.Testing.Onnx;
using Microsoft.AspNetCore.Http;

namespace Larder.Fuzz.Tests;

/// <summary>Every parser that reads what callers, drops, archives and jobs bring.</summary>
internal sealed class Targets : IAsyncDisposable
{
    private static readonly byte[][] JsonWords = Bytes(
        "{", "}", "[", "]", ":", ",", "\"", "true", "false", "null", "\"name\":", "\"options\":", "\"script\":", "\"dataset\":", "\"values\":", "\"tags\":", "\"job\":", "\"type\":", "\"columns\":", "\"environment\":", "\"secret\":");

    private static readonly byte[][] JsonBodies = Bytes(
        """{"name":"nightly","description":"é","cron":"30 2 * * *","time_zone":"Europe/Berlin","job":{"type":"score","model":"iris","options":{"keep":["id"]},"inputs":{"dataset":"uploads/a.csv"}},"overlap":"skip","missed":"run_once","enabled":true}""",
        """{"script":"print(1)","requirements":"numpy","dataset":"uploads/a.csv","options":{"arguments":["--a","b"],"environment":{"A":"x","B":{"secret":"y"}},"tags":{"k":"v"},"aliases":["champion"]}}""",
        """{"format":"csv","delimiter":";","columns":["a","b"],"keep":["id"],"outputs":["label"],"max_errors":5}""",
        """{"models":["iris*"],"include_artifacts":true}""",
        """{"sha256":"9cc1c345c71bcc9b486b74cbf6063fa66f4bb5e0f603a4b3c3471ec2e5e8e355","tags":{"k":"v"},"aliases":["champion"]}""",
        """{"accuracy":0.98,"loss":-1.5e-3}""",
        """{"exit_code":0,"stage":"run","outputs":[{"path":"a/b.csv","size":3,"sha256":"9cc1c345c71bcc9b486b74cbf6063fa66f4bb5e0f603a4b3c3471ec2e5e8e355"}]}""",
        "\uFEFF{\"a\":\"\\ud83d\\ude00\"}");

    private readonly string _folder;
    private readonly Kitchen _kitchen = new();
    private readonly List<SessionLease> _leases = [];

    private Targets(string folder)
    {
        _folder = folder;
        All = [];
    }

    /// <summary>Their names.</summary>
    public static string[] Parsers { get; } =
    [
        "json bodies", "options", "job files", "predictions", "multipart", "onnx", "csv", "json lines", "model archives", "transfer archives", "larder.yaml", "cron", "texts", "queries", "inference messages",
    ];

    /// <summary>They.</summary>
    public IReadOnlyList<FuzzTarget> All { get; private set; }

    /// <summary>Loads what some of them need.</summary>
    /// <param name="folder">For files that are parsed.</param>
    public static async Task<Targets> CreateAsync(string folder)
    {
        var targets = new Targets(folder);
        var numbers = await targets.LoadAsync(OnnxModel.Linear());
        var mixed = await targets.LoadAsync(new OnnxModel()
            .Input("x", Datatype.Fp32, -1, 2).Input("größe", Datatype.Int64).Input("s", Datatype.Bytes, -1)
            .Output("y", Datatype.Fp32, -1, 2).Output("z", Datatype.Int64).Output("t", Datatype.Bytes, -1)
            .Node("Identity", ["x"], ["y"]).Node("Identity", ["größe"], ["z"]).Node("Identity", ["s"], ["t"])
            .ToBytes());
        targets.All =
        [
            Json("json bodies", input =>
            {
                Functions.Http.Json.Deserialize<JsonElement>(input, "{}");
                Functions.Http.Json.Deserialize<ScheduleRequest>(input, "{}");
            }, JsonBodies),
            Json("options", Options, [.. JsonBodies[1..5], .. Bytes("""{"arguments":["--a","b"],"environment":{"A":"x","B":{"secret":"y"}},"tags":{"k":"v"},"timeout":60}""")]) with { IsSeveral = true },
            Json("job files", input => Each(() => MetricsFile.Parse(new BinaryData(input)), () => BootstrapExit.Parse(new BinaryData(input))), [.. JsonBodies[5..7]]) with { IsSeveral = true },
            Json("predictions", input => targets.Predict(mixed, input), Bytes("""{"values":{"x":[[1,2.5],[3e2,-0]],"größe":3,"s":["a","\u00e4\ud83d\ude00"]}}""", """{"values":{"gr\u00f6\u00dfe":1,"x":[1,2],"s":[]}}""")) with
            {
                // A model's own input buffers grow to a mebibyte and stay.
                MemoryBytes = 128L << 20,
            },
            new("multipart", Multipart, [.. Forms()]) { Words = Bytes("--b\r\n", "--b--\r\n", "Content-Disposition: form-data; name=", "filename=", "filename*=UTF-8''", "Content-Type: text/plain; charset=utf-16", "\r\n\r\n"), IsRefusal = IsRefusal },
            new("onnx", input => Scan.Accepts(input), Mutations.Models) { IsRefusal = IsRefusal, MemoryBytes = 1 << 20 },
            new("csv", input => Score(numbers, input, ScoreOptions.Csv), Bytes("a,b,c,d\n1,2,3,4\n5,6,7,8\n", "\uFEFFx_0,x_1\r\n\"1\",\"2\"\r\n\r\n3,\"4\"\"5\"\n", "a;b\n1;2\n")) { Words = Bytes("\"", "\"\"", ",", "\r\n", "\n", "x_0", "\uFEFF"), IsRefusal = IsRefusal },
            Json("json lines", input => Score(numbers, input, ScoreOptions.Jsonl), Bytes("{\"x\":[1,2,3,4]}\n{\"x\":[5,6,7,8]}\n", "{\"a\":1,\"b\":2,\"c\":3,\"d\":4}\r\n\n{\"d\":4,\"a\":null}\n")),
            new("model archives", targets.ModelZip, [.. Zips()]) { Words = Bytes("PK\u0001\u0002", "PK\u0003\u0004", "PK\u0005\u0006", "PK\u0006\u0006", "PK\u0006\u0007", "../", "model.onnx", "larder.yaml"), IsRefusal = IsRefusal },
            new("transfer archives", TransferZip,
            [
                Export(), Export(("models/iris/model.json", """{"name":"iris","created":"2026-01-31T12:00:00Z","updated":"2026-01-31T12:00:00Z"}""")),
                Export(("schedules/0000000000000000.json", """{"id":"0000000000000000","revision":1}""")), .. Zips(),
            ]) { Words = Bytes("PK\u0001\u0002", "PK\u0005\u0006", BackupFormat.Manifest, "../"), IsRefusal = IsRefusal },
            new("larder.yaml", input => LarderYaml.Read(new BinaryData(input)), Bytes(
                "name: iris\ndescription: |\n  text\n  more\ntags: {a: b, c: 'd'}\naliases: [champion]\nlabels:\n  - x\n  - \"y\\u00e4\"\nsample_inputs:\n  values: [[1, 2.5, -3e4, true]]\n",
                "image: {layout: nchw}\n# comment\n? name\n: iris\n"))
            {
                Words = Bytes("&a ", "*a", "!!str ", "---\n", "...\n", "- ", ": ", "{", "[", "|\n", ">\n", "\"\\uD800\"", "\"\\0\"", "\t", "<<: ", "%YAML 1.2\n"),
                IsRefusal = IsRefusal,
            },
            new("cron", input => ScheduleClock.Of(TextOf(input), "UTC").Next(DateTimeOffset.UnixEpoch, 3), Bytes("30 2 * * *", "0 0/5 8-18 ? * MON-FRI", "@daily", "0 0 L * *", "0 0 29 2 *", "15 10 * * 5L", "0 0 15W * *")) { Words = Bytes("*", "/", "-", ",", "L", "W", "#", "?", "H", "JAN", "SUN", "@yearly", " "), IsRefusal = IsRefusal },
            new("texts", Texts, Bytes("iris:champion", "iris:3", "2.17", "uploads/a.csv", "datasets/iris/a.csv", "https://example.com/a.csv", "model/iris", "bW9kZWxzOmFiYw", "Europe/Berlin")) { Words = Bytes(":", "/", "..", "https://", "file:///", "uploads/", "datasets/", "%2f"), IsRefusal = IsRefusal, IsSeveral = true },
            new("queries", Queries, Bytes("state=queued,running&type=train&model=iris&schedule=0000000000000000&text=a&from=2026-01-31&to=2026-01-31T12:00:00Z&limit=5&cursor=x", "force=true&after=5&attempt=1")) { Words = Bytes("state=", "type=", "from=", "limit=", "cursor=", "&", "=", "%"), IsRefusal = IsRefusal, IsSeveral = true },
            new("inference messages", input => Infer(mixed, input), InferenceMessages()) { Words = [[0x2A], [0x3A], [0x32], [0x1A, 0x01], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x80, 0x00], .. Bytes("FP32", "BYTES", "classification")], IsRefusal = IsRefusal, MemoryBytes = 128L << 20 },
        ];
        return targets;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _leases.ForEach(lease => lease.Dispose());
        await _kitchen.DisposeAsync();
    }

    // What the API answers with 4xx; anything else would be a 5xx.
    private static bool IsRefusal(Exception exception) => ErrorKinds.Of(exception) < ErrorKind.ClientGone;

    private static FuzzTarget Json(string name, Action<byte[]> parse, byte[][] seeds) => new(name, parse, seeds) { Words = JsonWords, IsRefusal = IsRefusal };

    private static byte[][] Bytes(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    // What is no UTF-8 becomes what no UTF-8 can stand for.
    private static string TextOf(byte[] input) => Encoding.UTF8.GetString(input).Replace('\uFFFD', '\ud800');

    private async Task<LoadedModel> LoadAsync(byte[] onnx)
    {
        var lease = await _kitchen.LeaseAsync(onnx);
        _leases.Add(lease);
        return lease.Model;
    }

    /// <summary>Calls each parser with the same input, and passes on what they refuse it for, all of it.</summary>
    private static void Each(params Action[] parsers)
    {
        var refusals = new List<string>();
        foreach (var parse in parsers)
        {
            try
            {
                parse();
            }
            catch (Exception exception) when (IsRefusal(exception))
            {
                refusals.Add(exception.Message);
            }
        }
        if (refusals.Count > 0)
            throw new InvalidRequestException(string.Join(' ', refusals));
    }

    private static void Options(byte[] input) => Each(
        () => TrainOptions.Schema.Read(input),
        () => ScoreOptions.Schema.Read(input),
        () => UploadOptions.Schema.Read(input),
        () => DatasetOptions.Schema.Read(input),
        () => IngestOptions.Schema.Read(input),
        () => ImportOptions.Schema.Read(input),
        () => ExportOptions.Schema.Read(input));

    private void Predict(LoadedModel model, byte[] input)
    {
        using var inputs = model.RentInputs();
        using var images = new ImageBody(new ImageLimits(), _kitchen.Sessions);
        new PredictionBody(new PredictionLimits(), new InferenceLimits(), _kitchen.Sessions, images).ReadAsync(Request(input).Request, inputs, model, null, default).AsTask().GetAwaiter().GetResult();
    }

    private static void Infer(LoadedModel model, byte[] input)
    {
        using var inputs = model.RentInputs();
        InferExchange.Fill(input, new InferHead(input), inputs, model.Signature);
    }

    private static byte[][] InferenceMessages()
    {
        static ModelInferRequest.Types.InferInputTensor Tensor(string name, string datatype, InferTensorContents? contents, params long[] shape) => new() { Name = name, Datatype = datatype, Shape = { shape }, Contents = contents };
        var typed = new ModelInferRequest
        {
            ModelName = "iris",
            ModelVersion = "1",
            Id = "a",
            Parameters = { { "timeout", new InferParameter { Int64Param = 5 } } },
            Inputs =
            {
                Tensor("x", "FP32", new InferTensorContents { Fp32Contents = { 1, 2 } }, 1, 2),
                Tensor("größe", "INT64", new InferTensorContents { Int64Contents = { -1 } }),
                Tensor("s", "BYTES", new InferTensorContents { BytesContents = { ByteString.CopyFromUtf8("a"), ByteString.Empty } }, 2),
            },
            Outputs = { new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "y", Parameters = { { "classification", new InferParameter { Int64Param = 2 } } } } },
        };
        var raw = new ModelInferRequest
        {
            Inputs = { Tensor("x", "FP32", null, 1, 2), Tensor("größe", "INT64", null), Tensor("s", "BYTES", null, 1) },
            RawInputContents = { ByteString.CopyFrom(new byte[8]), ByteString.CopyFrom(new byte[8]), ByteString.CopyFrom(1, 0, 0, 0, (byte)'a') },
        };
        return [typed.ToByteArray(), raw.ToByteArray()];
    }

    private static void Multipart(byte[] input)
    {
        var spec = new FormSpec("a test", "", new FormField("file", "A file.") { IsFile = true, Extension = ".csv", MayLackExtension = true, TextBytes = 1000 }, new FormField("text", "A text.") { TextBytes = 1000 }, FormField.Options);
        var request = Request(input).Request;
        request.ContentType = "multipart/form-data; boundary=b";
        var form = Form.ReadAsync(request, spec, DiscardAsync, default).GetAwaiter().GetResult();
        _ = form.Line("text");
    }

    private static async Task<StagedFile> DiscardAsync(FormField field, Stream content, CancellationToken cancellationToken)
    {
        await content.CopyToAsync(Stream.Null, cancellationToken);
        // Disposing of it deletes a folder that does not exist.
        return new StagedFile(Path.Combine(Path.GetTempPath(), "larder-fuzz-none"), new Written("", 1, 0));
    }

    private static IEnumerable<byte[]> Forms()
    {
        foreach (var (disposition, type) in new[] { ("name=file; filename=\"a.csv\"", "text/csv"), ("name=\"file\"; filename*=UTF-8''%c3%a4.csv", "application/octet-stream") })
            yield return Encoding.UTF8.GetBytes($"--b\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {type}\r\n\r\n1,2\r\n--b\r\nContent-Disposition: form-data; name=text\r\n\r\nä\r\n--b\r\nContent-Disposition: form-data; name=options\r\n\r\n{{\"a\":1}}\r\n--b--\r\n");
    }

    private static DefaultHttpContext Request(byte[] body) => new() { Request = { Body = new MemoryStream(body) } };

    /// <summary>A data set from its first byte to its last row, where splitting and reading must agree on what a row is.</summary>
    private static void Score(LoadedModel model, byte[] input, string format)
    {
        var read = new DatasetFormat(format == ScoreOptions.Csv, ',');
        var plan = new DatasetPlanner(new ScoreOptions { ByPosition = true }, read, new ScoringLimits()).PlanAsync(input, input.Length, model, [], [], default).GetAwaiter().GetResult();
        var start = (int)plan.DataStart;
        var splitter = new DatasetSplitter(read.Scanner(), new SplitLimits(1 << 20, 1000, 1 << 20, 0), start);
        if (splitter.SplitAsync(new MemoryStream(input[start..]), default).GetAwaiter().GetResult() is { } problem)
            throw new InvalidRequestException(problem);
        foreach (var chunk in splitter.Chunks)
        {
            // As ScoreChunk has it: behind a blank line.
            byte[] bytes = [(byte)'\n', .. input.AsSpan((int)chunk.Offset, (int)chunk.Length)];
            using var rows = plan.Open(bytes, model.Signature);
            var scored = new ChunkScorer(plan, model, new ResultWriter(plan, 1), (_, _) => Task.CompletedTask).ScoreAsync(rows, long.MaxValue, default).GetAwaiter().GetResult();
            if (scored.Rows != chunk.Rows)
                throw new InvalidOperationException($"The chunk at {chunk.Offset} has {chunk.Rows} rows when it is split, and {scored.Rows} when it is read.");
        }
    }

    private void ModelZip(byte[] input) => ModelZipAsync(input).GetAwaiter().GetResult();

    private async Task ModelZipAsync(byte[] input)
    {
        var path = Path.Combine(_folder, "archive.zip");
        await File.WriteAllBytesAsync(path, input);
        await using var archive = await ModelArchive.OpenAsync(
            path, new ArchiveLimits { ExpandedBytes = 1 << 20, TextBytes = 1 << 16 }, new StagingArea(new PublishingOptions { StagingFolder = Path.Combine(_folder, "staging") }), default);
        _ = await archive.ReadManifestAsync(default);
        _ = await archive.ReadCardAsync(default);
        _ = await archive.ReadAsync(MetricsFile.Name, default);
        await using var model = archive.OpenModel();
        await model.CopyToAsync(Stream.Null);
    }

    private static void TransferZip(byte[] input) => TransferZipAsync(input).GetAwaiter().GetResult();

    private static async Task TransferZipAsync(byte[] input)
    {
        var limits = new ImportLimits { ExpandedBytes = 1 << 20, Entries = 1000 };
        await using var archive = await BackupArchive.OpenAsync(
            new RangeStream(input.Length, (offset, count, _) => Task.FromResult<Stream>(new MemoryStream(input, (int)offset, (int)count)), 1 << 16), limits, default);
        var reader = await ImportReader.OpenAsync(archive, limits, new PublishingOptions(), default);
        foreach (var model in reader.Models)
            await reader.ReadModelAsync(model, default);
        foreach (var schedule in reader.Schedules)
            await reader.ReadScheduleAsync(schedule, default);
    }

    private static IEnumerable<byte[]> Zips()
    {
        yield return new RawZip().Add("model.onnx", OnnxModel.Linear()).Add("larder.yaml", "name: iris\n").Add("metrics.json", """{"a":1}""").Add("README.md", "# x").ToBytes();
    }

    /// <summary>An export of models and schedules, whose sums are right.</summary>
    private static byte[] Export(params (string Name, string Json)[] files)
    {
        var sums = string.Concat(files.Select(file => $"{Hash(file.Json)}  {file.Name}\n"));
        var manifest = $$"""{"format":"{{BackupFormat.Name}}","format_version":{{BackupFormat.Version}},"sha256sums":"{{Hash(sums)}}","contents":{},"includes_artifacts":false}""";
        var zip = new RawZip().Add(BackupFormat.Manifest, manifest).Add(BackupFormat.Sums, sums);
        foreach (var (name, json) in files)
            zip.Add(name, json);
        return zip.ToBytes();

        static string Hash(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    private static void Texts(byte[] input)
    {
        var text = TextOf(input);
        Each(
            () => ModelReference.Parse(text),
            () => ModelName.ValidateAlias(text),
            () => LogStream.Parse(text),
            () => JobStore.ValidateKey(text),
            () => Dataset.Parse(text),
            () => AuditSubject.Parse(text),
            () => Cursors.Read("models:", text, _ => true),
            () => ScheduleClock.ZoneOf(text),
            () => Principal(text),
            () => RequestText.Require(text[..Math.Min(text.Length, 20)], "The text"));
    }

    private static void Principal(string header)
    {
        try
        {
            ClientPrincipal.Read(header).ToCaller(new Dictionary<string, Role>());
        }
        catch (FormatException)
        {
            // How it refuses a header; the authentication answers 401.
        }
    }

    private static void Queries(byte[] input)
    {
        var request = new DefaultHttpContext().Request;
        request.QueryString = new QueryString("?" + TextOf(input));
        Each(
            () => QueryParameters.Filter(request),
            () => QueryParameters.RequireKnown(request, "state", "type"),
            () => Paging.Of(request),
            () => request.Flag("force"),
            () => QueryParameters.Number(request, "after", 0, long.MaxValue));
    }
}
