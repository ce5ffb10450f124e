using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing;
using Larder.Testing.Onnx;
using Xunit.Abstractions;

namespace Larder.Functions.Tests.Prediction;

/// <summary>
/// A server with little memory, as in a small container: what one caller asks for must neither end it nor keep it from others. The models are harmless on zeros; how much they want is a value of the input.
/// </summary>
public sealed class MemoryTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const long Limit = 1536L << 20;

    private readonly MemoryCage _cage = MemoryCage.Make(Limit);
    private Azurite? _azurite;
    private LarderProcess? _larder;

    private LarderProcess Larder => _larder!;

    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync();
        // Nothing is to be cut off for being slow, however busy the machine is.
        List<(string, string)> settings = [("Limits:RunSeconds", "600")];
        // In a group the server finds by itself what it has; a resource limit it cannot see.
        if (!_cage.IsGroup)
            settings.AddRange([("Limits:RunBytes", $"{256 << 20}"), ("Limits:InFlightBytes", $"{256 << 20}"), ("DOTNET_GCHeapHardLimit", "40000000")]);
        _larder = await LarderProcess.StartAsync(_azurite.ConnectionString, _cage.Prefix, [.. settings]);
        await Larder.Client.UploadAsync("iris", await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "samples", "iris", "iris.onnx")));
    }

    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
        if (_azurite is not null)
            await ((IAsyncDisposable)_azurite).DisposeAsync();
        _cage.Dispose();
    }

    [Fact]
    public async Task Small_requests_for_huge_memory_are_refused_while_others_are_answered()
    {
        await UploadShapedAsync("zeros", new OnnxModel().Input("s", Datatype.Int64, -1).Output("y", Datatype.Fp32, -1).Node("ConstantOfShape", ["s"], ["y"]));
        await UploadShapedAsync("expanded", new OnnxModel().Input("s", Datatype.Int64, -1).Output("y", Datatype.Fp32, -1)
            .Initializer(OnnxTensor.Of("one", [1f], 1)).Node("Expand", ["one", "s"], ["y"]));
        await UploadShapedAsync("tiled", new OnnxModel().Input("s", Datatype.Int64, 1).Output("y", Datatype.Fp32, -1)
            .Initializer(OnnxTensor.Of("one", [1f], 1)).Node("Tile", ["one", "s"], ["y"]));
        await UploadShapedAsync("reshaped", new OnnxModel().Input("s", Datatype.Int64, -1).Output("y", Datatype.Fp32, -1)
            .Initializer(OnnxTensor.Of("one", [1f], 1)).Node("Reshape", ["one", "s"], ["y"]));
        await UploadShapedAsync("texts", new OnnxModel().Input("s", Datatype.Int64, -1).Output("y", Datatype.Bytes, -1)
            .Initializer(OnnxTensor.Of("one", ["a text that is longer than a short one"], 1)).Node("Expand", ["one", "s"], ["y"]));
        string[] models = ["zeros", "expanded", "tiled", "texts"];
        string[] values = ["[2400000000]", "[300000000]", "[30000000]", "[4611686018427387904]", "[1099511627776,1099511627776]", "[1099511627776,0]", "[-3]"];
        var answers = new ConcurrentDictionary<(string, HttpStatusCode), int>();

        await WhileAnotherPredictsAsync(() => Parallel.ForEachAsync(
            Enumerable.Range(0, 3).SelectMany(_ => from model in models from value in values select (model, $$"""{"values":{{value}}}"""))
                .Append(("reshaped", $$"""{"values":[{{string.Join(',', Enumerable.Repeat(1, 100))}}]}""")),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (asked, cancellationToken) =>
            {
                var status = await SendAsync(asked.Item1, new StringContent(asked.Item2, Encoding.UTF8, "application/json"), cancellationToken);
                answers.AddOrUpdate((asked.Item1, status), 1, (_, count) => count + 1);
            }));

        output.WriteLine(string.Join(", ", answers.OrderBy(answer => answer.Key.Item1).Select(answer => $"{answer.Key.Item1} {(int)answer.Key.Item2}: {answer.Value}")));
        Assert.All(answers.Keys, answer => Assert.True((int)answer.Item2 is 200 or 413 or 422 or 503, $"{answer}"));
        Assert.Contains(("zeros", HttpStatusCode.UnprocessableEntity), answers.Keys);
        AssertBelowLimit();
    }

    [Fact]
    public async Task Six_bodies_of_40_megabytes_at_once_are_answered_or_refused_while_others_are_answered()
    {
        var row = "[5.1,3.5,1.4,0.2],"u8.ToArray();
        var body = new byte[40_000_000];
        var text = """{"values":["""u8;
        text.CopyTo(body);
        var length = text.Length;
        for (; length + row.Length + 2 < body.Length; length += row.Length)
            row.CopyTo(body, length);
        "]}"u8.CopyTo(body.AsSpan(length - 1));
        length++;
        var answers = new ConcurrentBag<HttpStatusCode>();

        await WhileAnotherPredictsAsync(() => Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
            answers.Add(await SendAsync("iris", new ByteArrayContent(body, 0, length) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } }, default)))));

        output.WriteLine(string.Join(", ", answers.Order().Select(status => (int)status)));
        Assert.All(answers, status => Assert.True((int)status is 200 or 503, $"{status}"));
        Assert.Contains(HttpStatusCode.OK, answers);
        AssertBelowLimit();
        Assert.Equal(0, await InFlightAsync());
    }

    private async Task UploadShapedAsync(string name, OnnxModel model) =>
        Assert.Equal(HttpStatusCode.Created, (await Larder.Client.UploadAsync(name, model.ToBytes())).Status);

    /// <summary>The status, when all of the answer has come; the server must not end it early.</summary>
    private async Task<HttpStatusCode> SendAsync(string model, HttpContent content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/models/{model}/prediction") { Content = content };
        using var response = await Larder.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await body.CopyToAsync(Stream.Null, cancellationToken);
        return response.StatusCode;
    }

    private async Task WhileAnotherPredictsAsync(Func<Task> work)
    {
        using var done = new CancellationTokenSource();
        var (count, slowest) = (0, TimeSpan.Zero);
        var other = Task.Run(async () =>
        {
            do
            {
                var clock = Stopwatch.StartNew();
                var answer = await Larder.Client.PredictAsync("iris", """{"values":[5.1,3.5,1.4,0.2]}""");
                slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
                count++;
                Assert.Equal(HttpStatusCode.OK, answer.Status);
                Assert.Equal("[0]", answer.Body["values"]!.ToJsonString());
            }
            while (!done.IsCancellationRequested);
        });
        try
        {
            await work();
        }
        finally
        {
            await done.CancelAsync();
            output.WriteLine($"{_cage.Kind}, {_cage.Bytes >> 20} MiB; peak {(Larder.HasExited ? "of a killed process" : $"{_cage.Peak(Larder.Id) >> 20} MiB")}");
        }

        await other;
        output.WriteLine($"{count} predictions of another caller; the slowest took {slowest.TotalMilliseconds:0} ms");
    }

    private void AssertBelowLimit()
    {
        Assert.False(Larder.HasExited, Larder.Log);
        Assert.InRange(_cage.Peak(Larder.Id), 1, Limit - 1);
    }

    private async Task<long> InFlightAsync()
    {
        var metrics = await Larder.Client.GetStringAsync("/metrics");
        var shares = Regex.Matches(metrics, @"^larder_inference_in_flight_bytes\{.*\} (?<value>[0-9.e+]+)", RegexOptions.Multiline);
        Assert.True(shares.Count == 2, metrics);
        return shares.Sum(share => (long)double.Parse(share.Groups["value"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture));
    }
}
