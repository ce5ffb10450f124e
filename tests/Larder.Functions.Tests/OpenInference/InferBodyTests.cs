using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.OpenInference;

/// <summary>How the bytes of tensors come: at once or in pieces, with a Content-Length or without, all of them or not.</summary>
[Collection(nameof(SharedLarder))]
public sealed class InferBodyTests(LarderFixture larder) : IAsyncLifetime
{
    private const string JsonLength = "Inference-Header-Content-Length";

    private readonly HttpClient _client = larder.Client;

    // Inputs of several datatypes, the third of them as JSON; each output is the input of that name.
    private static readonly (string Name, string Datatype, byte[] Bytes)[] Inputs =
    [
        ("a", "FP32", MemoryMarshal.AsBytes<float>([1, 2.5f, -3]).ToArray()),
        ("b", "BOOL", [1, 0, 1]),
        ("d", "INT64", MemoryMarshal.AsBytes<long>([long.MinValue, 0, 7]).ToArray()),
        ("e", "FP16", MemoryMarshal.AsBytes<Half>([(Half)0.5, (Half)1, (Half)(-2)]).ToArray()),
        ("f", "UINT8", [0, 255, 3]),
    ];

    public async Task InitializeAsync()
    {
        if ((await _client.GetAsync("/v2/models/body-mixed")).StatusCode == HttpStatusCode.OK)
            return;
        await _client.UploadAsync("body-mixed", Mixed(isText: false));
        await _client.UploadAsync("body-text", Mixed(isText: true));
        // The answer to a large body is small.
        await _client.UploadAsync("body-large", new OnnxModel().Input("x", Datatype.Fp32, -1).Output("y", Datatype.Fp32).Node(new OnnxNode("ReduceMax", ["x"], ["y"]).Int("keepdims", 0)).ToBytes());
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public static TheoryData<string, bool, int> Ways => new()
    {
        { "body-mixed", true, int.MaxValue },
        { "body-mixed", true, 1 },
        { "body-mixed", true, 3 },
        { "body-mixed", false, int.MaxValue },
        { "body-mixed", false, 1 },
        { "body-text", true, int.MaxValue },
        { "body-text", true, 1 },
        { "body-text", false, 3 },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Inputs_of_several_datatypes_come_in_pieces_of_any_size(string model, bool hasLength, int pieceBytes)
    {
        var answer = await InferAsync(model, Json(model), Tail(model), hasLength, pieceBytes);

        Assert.True(answer.Status == 200, answer.Text);
        var outputs = JsonNode.Parse(answer.Text[..answer.JsonLength!.Value])!["outputs"]!.AsArray();
        Assert.Equal("[4,5,6]", outputs[2]!["data"]!.ToJsonString());
        Assert.Equal(Convert.ToHexString(Tail(model)), Convert.ToHexString(answer.Content.AsSpan(answer.JsonLength.Value)));
    }

    public static TheoryData<string, bool, int, string> Wrong => new()
    {
        { "body-mixed", true, -1, "The input f has binary_data_size 3, and 2 bytes are left behind the JSON." },
        { "body-mixed", false, -1, "The input f has binary_data_size 3, and 2 bytes are left behind the JSON." },
        { "body-mixed", true, -40, "The input b has binary_data_size 3, and 0 bytes are left behind the JSON." },
        { "body-mixed", true, 2, "There are 2 bytes behind those of the inputs" },
        { "body-mixed", false, 2, "There are 2 bytes behind those of the inputs" },
        { "body-text", true, 2, "There are 2 bytes behind those of the inputs" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_body_that_is_shorter_or_longer_than_its_JSON_says_is_400_and_the_connection_goes_on(string model, bool hasLength, int more, string sentence)
    {
        var tail = Tail(model);
        // What is cut off is of the last inputs.
        tail = more < 0 ? tail[..^Math.Min(-more, tail.Length - 12)] : [.. tail, .. new byte[more]];

        var answer = await InferAsync(model, Json(model), tail, hasLength);

        Assert.Equal(400, answer.Status);
        Assert.Contains(sentence, answer.Text);
        Assert.Equal(200, (await InferAsync(model, Json(model), Tail(model), hasLength)).Status);
    }

    [Fact]
    public async Task An_element_that_is_none_is_400_whatever_piece_it_is_in()
    {
        var tail = Tail("body-mixed");
        tail[13] = 2;

        foreach (var pieceBytes in new[] { 1, int.MaxValue })
        {
            var answer = await InferAsync("body-mixed", Json("body-mixed"), tail, pieceBytes: pieceBytes);
            Assert.Equal(400, answer.Status);
            Assert.Contains("the byte 2 at element 1, where a BOOL is 0 or 1", answer.Text);
        }
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 1000)]
    [InlineData(false, 1000)]
    public async Task A_body_that_is_the_only_input_comes_in_pieces(bool hasLength, int pieceBytes)
    {
        var data = MemoryMarshal.AsBytes(Enumerable.Range(0, 500).Select(i => (float)i).ToArray().AsSpan()).ToArray();

        var answer = await InferAsync("body-large", "", data, hasLength, pieceBytes);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(499, MemoryMarshal.Read<float>(answer.Content.AsSpan(answer.JsonLength!.Value)));
    }

    [Fact]
    public async Task A_body_above_the_limit_is_413_before_it_comes()
    {
        var answer = await RawAsync($"{JsonLength}: 10\r\nContent-Length: {(64 << 20) + 1}\r\n\r\n0123456789");

        Assert.StartsWith("HTTP/1.1 413", answer);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    [InlineData(200)]
    public async Task A_client_that_stops_in_the_middle_leaves_nothing_behind(int sent)
    {
        const string json = """{"inputs":[{"name":"x","shape":[1000000],"datatype":"FP32","parameters":{"binary_data_size":4000000}}]}""";
        var body = json + new string('\0', 1000);

        await RawAsync($"{JsonLength}: {json.Length}\r\nContent-Length: {json.Length + 4_000_000}\r\n\r\n{body[..sent]}", isCut: true);

        await Eventually.TrueAsync(async () => await InFlightAsync("bodies") == 0 && await InFlightAsync("work") == 0);
        Assert.Equal(200, (await InferAsync("body-mixed", Json("body-mixed"), Tail("body-mixed"))).Status);
    }

    [Fact]
    public async Task A_slow_client_holds_its_tensor_and_not_its_body_too()
    {
        const int bytes = 8 << 20;
        var json = $$$"""{"inputs":[{"name":"x","shape":[{{{bytes / 4}}}],"datatype":"FP32","parameters":{"binary_data_size":{{{bytes}}}}}]}""";
        var rest = new TaskCompletionSource();

        var answering = InferAsync("body-large", json, new byte[bytes], pieceBytes: bytes / 2, goOn: rest.Task);
        await Eventually.TrueAsync(async () => await InFlightAsync("work") >= bytes);
        var bodies = await InFlightAsync("bodies");
        rest.SetResult();

        Assert.Equal(200, (await answering).Status);
        Assert.InRange(bodies, 0, json.Length);
    }

    [Fact]
    public async Task A_large_tensor_comes_whole()
    {
        var floats = new float[2_000_003];
        var random = new Random(1);
        for (var i = 0; i < floats.Length; i++)
            floats[i] = random.NextSingle();
        floats[^1] = 2;
        var data = MemoryMarshal.AsBytes(floats.AsSpan()).ToArray();
        var json = $$$"""{"inputs":[{"name":"x","shape":[{{{floats.Length}}}],"datatype":"FP32","parameters":{"binary_data_size":{{{data.Length}}}}}]}""";

        Assert.Equal("2", JsonNode.Parse((await InferAsync("body-large", json, data)).Text)!["outputs"]![0]!["data"]![0]!.ToJsonString());
        MemoryMarshal.Write(data.AsSpan(4_000_000), 3f);
        Assert.Equal("3", JsonNode.Parse((await InferAsync("body-large", json, data)).Text)!["outputs"]![0]!["data"]![0]!.ToJsonString());
    }

    private static byte[] Mixed(bool isText)
    {
        var model = new OnnxModel();
        foreach (var (name, datatype) in Types(isText))
            model.Input(name, datatype, -1).Output($"{name}_out", datatype, -1).Node("Identity", [name], [$"{name}_out"]);
        return model.ToBytes();
    }

    private static IEnumerable<(string Name, Datatype Datatype)> Types(bool isText) =>
    [
        ("a", Datatype.Fp32), ("b", Datatype.Bool), ("c", Datatype.Int32), ("d", Datatype.Int64), ("e", Datatype.Fp16), ("f", Datatype.UInt8), .. isText ? [("g", Datatype.Bytes)] : Array.Empty<(string, Datatype)>(),
    ];

    private static (string Name, string Datatype, byte[] Bytes)[] InputsOf(string model) =>
        model == "body-text" ? [.. Inputs, ("g", "BYTES", [1, 0, 0, 0, (byte)'x', 0, 0, 0, 0, 2, 0, 0, 0, (byte)'y', (byte)'z'])] : Inputs;

    private static byte[] Tail(string model) => [.. InputsOf(model).SelectMany(input => input.Bytes)];

    private static string Json(string model)
    {
        var inputs = InputsOf(model).Select(input => $$$"""{"name":"{{{input.Name}}}","shape":[3],"datatype":"{{{input.Datatype}}}","parameters":{"binary_data_size":{{{input.Bytes.Length}}}}}""").ToList();
        inputs.Insert(2, """{"data":[4,5,6],"name":"c","shape":[3],"datatype":"INT32"}""");
        var outputs = Types(model == "body-text").Select(type => $$$"""{"name":"{{{type.Name}}}_out","parameters":{"binary_data":{{{(type.Name == "c" ? "false" : "true")}}}}}""");
        return $$"""{"inputs":[{{string.Join(',', inputs)}}],"outputs":[{{string.Join(',', outputs)}}]}""";
    }

    private async Task<long> InFlightAsync(string share) =>
        long.Parse(Regex.Match(await _client.GetStringAsync("/metrics"), $$"""(?m)^larder_inference_in_flight_bytes\{share="{{share}}"\} (?<bytes>\d+)$""").Groups["bytes"].Value);

    private async Task<Reply> InferAsync(string model, string json, byte[] tail, bool hasLength = true, int pieceBytes = int.MaxValue, Task? goOn = null)
    {
        var head = Encoding.UTF8.GetBytes(json);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/infer") { Content = new PiecesContent([.. head, .. tail], hasLength, pieceBytes, goOn) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.Add(JsonLength, $"{head.Length}");
        using var response = await _client.SendAsync(request);
        var content = await response.Content.ReadAsByteArrayAsync();
        return new Reply((int)response.StatusCode, response.Headers.TryGetValues(JsonLength, out var length) ? int.Parse(length.Single()) : null, content);
    }

    private async Task<string> RawAsync(string rest, bool isCut = false)
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(_client.BaseAddress!.Host, _client.BaseAddress.Port);
        var stream = connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v2/models/body-large/infer HTTP/1.1\r\nHost: {_client.BaseAddress.Authority}\r\n{rest}"));
        if (isCut)
            return "";
        var answer = new byte[4096];
        return Encoding.ASCII.GetString(answer, 0, await stream.ReadAsync(answer));
    }

    private sealed record Reply(int Status, int? JsonLength, byte[] Content)
    {
        public string Text => Encoding.Latin1.GetString(Content);
    }

    /// <summary>Sends bytes in pieces, of which the second may have to wait.</summary>
    private sealed class PiecesContent(byte[] bytes, bool hasLength, int pieceBytes, Task? goOn) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var sent = 0; sent < bytes.Length; sent += Math.Min(pieceBytes, bytes.Length - sent))
            {
                if (sent > 0 && goOn is not null)
                    await goOn;
                await stream.WriteAsync(bytes.AsMemory(sent, Math.Min(pieceBytes, bytes.Length - sent)));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return hasLength;
        }
    }
}
