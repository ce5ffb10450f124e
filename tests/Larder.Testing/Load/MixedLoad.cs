using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Testing.Onnx;

namespace Larder.Testing.Load;

/// <summary>
/// Callers that do everything at once to one server: predictions in all protocols, of models that stay and of models that come and go; uploads, moves of aliases, deletions; loads and unloads.
/// The server is started with <see cref="Settings"/>: a few of the models fit into memory, so predictions evict others.
/// </summary>
/// <param name="client">Talks to the server, with the rights of a contributor.</param>
/// <param name="call">Sends a prediction of four numbers for the input <c>x</c> of a model over gRPC and gives the status, as HTTP has it; null where the server has no port for gRPC.</param>
public sealed class MixedLoad(HttpClient client, Func<string, Task<int>>? call)
{
    private const int Steady = 6;
    private const int Changing = 3;
    private const int Predictors = 4;
    private const string Json = "application/json";

    private static readonly byte[] Model = OnnxModel.Linear();
    private static readonly (string Name, string Path, byte[] Body, string Type, int HeaderBytes)[] Dialects = [.. Requests()];

    private readonly ConcurrentDictionary<(string Operation, int Status), long> _counts = new();
    private readonly ConcurrentQueue<string> _failures = new();

    /// <summary>What the server is started with: memory for five of the models, and the model of the routes that name none.</summary>
    public static IReadOnlyList<(string Name, string Value)> Settings { get; } = [("Limits__LoadedBytes", "1400000"), ("Serving__Model", "steady-0")];

    /// <summary>How often each operation was answered with each status.</summary>
    public IReadOnlyDictionary<(string Operation, int Status), long> Counts => _counts;

    /// <summary>Answers that no server may give: 5xx, and any error of a prediction of a model that stays. The first hundred.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>Uploads the models, and keeps all callers busy for a time.</summary>
    public async Task RunAsync(TimeSpan time)
    {
        for (var i = 0; i < Steady; i++)
            await UploadAsync($"steady-{i}");
        using var ending = new CancellationTokenSource(time);
        await Task.WhenAll(
        [
            .. Enumerable.Range(0, Predictors).Select(i => RepeatAsync(round => PredictAsync(i * 7 + round), ending.Token)),
            .. Enumerable.Range(0, Changing).Select(i => RepeatAsync(_ => ChangeAsync($"changing-{i}"), ending.Token)),
            RepeatAsync(round => LoadAsync($"steady-{round % Steady}"), ending.Token),
        ]);
    }

    private static Task RepeatAsync(Func<int, Task> work, CancellationToken ending) => Task.Run(async () =>
    {
        for (var round = 0; !ending.IsCancellationRequested; round++)
            await work(round);
    }, CancellationToken.None);

    private async Task PredictAsync(int round)
    {
        // One in eight is of a model that may just be deleted.
        var stays = round % 8 != 0;
        var model = stays ? $"steady-{round % Steady}" : $"changing-{round % Changing}";
        var dialect = round % (Dialects.Length + 1);
        if (dialect == Dialects.Length)
        {
            if (call is not null)
                Count("predict, gRPC", await call(model), stays, "");
            return;
        }

        var (name, path, body, type, headerBytes) = Dialects[dialect];
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        if (headerBytes > 0)
            content.Headers.Add("Inference-Header-Content-Length", $"{headerBytes}");
        await SendAsync($"predict, {name}", HttpMethod.Post, path.Replace("MODEL", model, StringComparison.Ordinal), content, mustSucceed: stays || !path.Contains("MODEL", StringComparison.Ordinal));
    }

    // A model's whole life: two versions, an alias that moves from one to the other, the old version gone, and then the model.
    private async Task ChangeAsync(string model)
    {
        for (var upload = 0; upload < 2; upload++)
        {
            var version = await UploadAsync(model);
            await SendAsync("move alias", HttpMethod.Put, $"/api/v1/models/{model}/aliases/champion", new StringContent($$"""{"version":{{version}}}""", Encoding.UTF8, Json), mustSucceed: true);
            if (upload == 1)
                await SendAsync("delete version", HttpMethod.Delete, $"/api/v1/models/{model}:{version - 1}", null, mustSucceed: true);
        }

        await SendAsync("delete model", HttpMethod.Delete, $"/api/v1/models/{model}?force=true&purge=true", null, mustSucceed: true);
    }

    private async Task LoadAsync(string model)
    {
        await SendAsync("unload", HttpMethod.Post, $"/v2/repository/models/{model}/unload", null, mustSucceed: true);
        await SendAsync("load", HttpMethod.Post, $"/v2/repository/models/{model}/load", null, mustSucceed: true);
    }

    private async Task<int> UploadAsync(string model)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(Model), "path", "model.onnx" } };
        var answer = await SendAsync("upload", HttpMethod.Put, $"/api/v1/models/{model}", form, mustSucceed: true);
        return (int?)JsonNode.Parse(answer)?["version"]?["version"] ?? throw new InvalidOperationException($"An upload was answered with {answer}");
    }

    private async Task<string> SendAsync(string operation, HttpMethod method, string path, HttpContent? content, bool mustSucceed)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Count(operation, (int)response.StatusCode, mustSucceed, text);
        return text;
    }

    private void Count(string operation, int status, bool mustSucceed, string answer)
    {
        _counts.AddOrUpdate((operation, status), 1, (_, count) => count + 1);
        if ((status >= (int)HttpStatusCode.InternalServerError || mustSucceed && status >= (int)HttpStatusCode.BadRequest) && _failures.Count < 100)
            _failures.Enqueue($"{operation}: {status} {answer}");
    }

    private static IEnumerable<(string Name, string Path, byte[] Body, string Type, int HeaderBytes)> Requests()
    {
        var numbers = MemoryMarshal.AsBytes(new[] { 5.1f, 3.5f, 1.4f, 0.2f }.AsSpan()).ToArray();
        var header = """{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":16}}],"parameters":{"binary_data_output":true}}"""u8.ToArray();
        yield return ("JSON", "/api/v1/models/MODEL/prediction", """{"values":[[5.1,3.5,1.4,0.2]]}"""u8.ToArray(), Json, 0);
        yield return ("CSV", "/api/v1/models/MODEL/prediction", "x_0,x_1,x_2,x_3\n5.1,3.5,1.4,0.2\n"u8.ToArray(), "text/csv", 0);
        yield return ("V2 JSON", "/v2/models/MODEL/infer", """{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2]}]}"""u8.ToArray(), Json, 0);
        yield return ("V2 binary", "/v2/models/MODEL/infer", [.. header, .. numbers], "application/octet-stream", header.Length);
        yield return ("TensorFlow Serving", "/v1/models/MODEL:predict", """{"instances":[[5.1,3.5,1.4,0.2]]}"""u8.ToArray(), Json, 0);
        yield return ("MLflow", "/api/v1/models/MODEL/invocations", """{"inputs":[[5.1,3.5,1.4,0.2]]}"""u8.ToArray(), Json, 0);
        yield return ("MLflow, configured model", "/invocations", """{"instances":[[5.1,3.5,1.4,0.2]]}"""u8.ToArray(), Json, 0);
        yield return ("Azure ML", "/score", """{"input_data":[[5.1,3.5,1.4,0.2]]}"""u8.ToArray(), Json, 0);
    }
}
