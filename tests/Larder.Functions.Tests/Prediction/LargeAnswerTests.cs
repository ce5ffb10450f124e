using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Prediction;

/// <summary>Answers that are sent in pieces, to callers who read them, read them slowly, or leave; and requests that are too much for the budget.</summary>
public sealed class LargeAnswerTests : IAsyncLifetime
{
    private Azurite? _azurite;
    private LarderProcess? _larder;

    private LarderProcess Larder => _larder!;

    public async Task InitializeAsync() => _azurite = await Azurite.StartAsync();

    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
        if (_azurite is not null)
            await ((IAsyncDisposable)_azurite).DisposeAsync();
    }

    [Fact]
    public async Task A_large_answer_has_no_length_and_arrives_whole_and_a_small_one_has_its_length()
    {
        await StartAsync();
        using var small = await SendAsync("[3]");
        using var large = await SendAsync("[1000000]");

        Assert.Equal((await small.Content.ReadAsByteArrayAsync()).Length, small.Content.Headers.ContentLength);
        Assert.Null(large.Content.Headers.ContentLength);
        Assert.Equal("1", large.Headers.GetValues("Larder-Model-Version").Single());
        var zeros = string.Join(',', Enumerable.Repeat('0', 1_000_000));
        Assert.Equal(
            $$$"""{"http_status":{"code":200,"name":"OK","description":"Prediction successful"},"values":[{{{zeros}}}],"outputs":{"y":[{{{zeros}}}]}}""",
            await large.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_caller_who_does_not_read_is_cut_off_when_the_runs_time_is_over()
    {
        await StartAsync(("Limits:RunSeconds", "3"));
        using var caller = await AskAsync("[20000000]");
        await Eventually.TrueAsync(async () => await InFlightAsync() > 0);

        await Eventually.TrueAsync(() => Task.FromResult(Larder.Log.Contains("The run of zeros:1 and its answer took longer than 3 s (Limits:RunSeconds); the connection was cut after ", StringComparison.Ordinal)));

        await Eventually.TrueAsync(async () => await InFlightAsync() == 0);
        // What came before is there still; the end of the answer is not, and never comes.
        var came = new MemoryStream();
        await Assert.ThrowsAnyAsync<IOException>(() => caller.GetStream().CopyToAsync(came));
        Assert.DoesNotContain("\r\n0\r\n\r\n", Encoding.ASCII.GetString(came.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_caller_who_leaves_had_is_freed_at_once()
    {
        await StartAsync(("Limits:RunSeconds", "3600"));
        using (await AskAsync("[20000000]"))
            await Eventually.TrueAsync(async () => await InFlightAsync() > 0);

        await Eventually.TrueAsync(async () => await InFlightAsync() == 0);
    }

    [Fact]
    public async Task What_the_budget_never_has_is_413_and_what_it_has_not_now_is_503_with_a_time_to_try_again()
    {
        await StartAsync(("Limits:InFlightBytes", $"{32 << 20}"), ("Limits:InFlightWaitSeconds", "1"));
        var never = await Larder.Client.PredictAsync("zeros", $$"""{"values":[1],"rest":"{{new string('x', 15 << 20)}}"}""");
        // Outputs of 40 MB are more than all that is left for requests.
        using var slow = await AskAsync("[10000000]");
        await Eventually.TrueAsync(async () => await InFlightAsync() > 30_000_000);
        var busy = await Larder.Client.PredictAsync("zeros", $$"""{"values":[1],"rest":"{{new string(',', 1 << 20)}}"}""");
        var small = await Larder.Client.PredictAsync("zeros", """{"values":[1]}""");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, never.Status);
        Assert.Matches(@"^The request needs about 15 MiB of memory \(bodies\); one request may take 14 MiB \(a part of Limits:InFlightBytes\)\.", never.Description);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, busy.Status);
        Assert.Matches(@"^The server holds as many bytes of requests as it may .* Try again later\.$", busy.Description);
        Assert.NotNull(busy.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, small.Status);
    }

    [Fact]
    public async Task A_body_that_does_not_say_its_length_is_counted_as_it_comes()
    {
        await StartAsync();
        using var body = new MemoryStream(Encoding.ASCII.GetBytes($$"""{ {{new string(' ', 3 << 20)}} "values":[3]}"""));
        using var content = new StreamContent(body) { Headers = { ContentType = new("application/json") } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/models/zeros/prediction") { Content = content };
        request.Headers.TransferEncodingChunked = true;

        var answer = await Larder.Client.SendAsync(request).ReadAnswerAsync();

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("[0,0,0]", answer.Body["values"]!.ToJsonString());
        Assert.Equal(0, await InFlightAsync());
    }

    [Fact]
    public async Task An_image_counts_with_its_pixels()
    {
        await StartAsync(("Limits:InFlightBytes", $"{32 << 20}"));
        await Larder.Client.UploadAsync("digits", await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "samples", "digits", "digits.onnx")));
        var answers = new List<Answer>();
        foreach (var size in new[] { 100, 3000 })
        {
            using var image = NetVips.Image.Black(size, size);
            using var content = new ByteArrayContent(image.PngsaveBuffer()) { Headers = { ContentType = new("image/png") } };
            answers.Add(await Larder.Client.PostAsync("/api/v1/models/digits/prediction", content).ReadAnswerAsync());
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.RequestEntityTooLarge], answers.Select(answer => answer.Status));
        Assert.Matches(@"^The request needs about 34\.\d+ MiB of memory \(work\); one request may take 14 MiB", answers[1].Description);
        Assert.Equal(0, await InFlightAsync());
    }

    private async Task StartAsync(params (string, string)[] settings)
    {
        _larder = await LarderProcess.StartAsync(_azurite!.ConnectionString, settings);
        var model = new OnnxModel().Input("s", Datatype.Int64, -1).Output("y", Datatype.Fp32, -1).Node("ConstantOfShape", ["s"], ["y"]);
        Assert.Equal(HttpStatusCode.Created, (await Larder.Client.UploadAsync("zeros", model.ToBytes())).Status);
        Assert.Equal(HttpStatusCode.OK, (await Larder.Client.PredictAsync("zeros", """{"values":[3]}""")).Status);
    }

    private async Task<HttpResponseMessage> SendAsync(string values)
    {
        using var content = new StringContent($$"""{"values":{{values}}}""", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/models/zeros/prediction") { Content = content };
        return await Larder.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Sends a request on a connection of its own, and reads nothing.</summary>
    private async Task<TcpClient> AskAsync(string values)
    {
        var caller = new TcpClient { ReceiveBufferSize = 4096 };
        await caller.ConnectAsync(Larder.Client.BaseAddress!.Host, Larder.Client.BaseAddress.Port);
        var body = $$"""{"values":{{values}}}""";
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/v1/models/zeros/prediction HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        return caller;
    }

    private async Task<double> InFlightAsync() => Regex
        .Matches(await Larder.Client.GetStringAsync("/metrics"), @"^larder_inference_in_flight_bytes\{.*\} (?<value>[0-9.e+]+)", RegexOptions.Multiline)
        .Sum(share => double.Parse(share.Groups["value"].ValueSpan, CultureInfo.InvariantCulture));
}
