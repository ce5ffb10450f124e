using System.IO.Compression;
using System.Runtime.InteropServices;

using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Larder.Functions.Tests.Hosting;
using Larder.Grpc.Protocol;
using Larder.Inference.Signatures;
using Larder.Testing;
using Larder.Testing.Onnx;
using static Larder.Functions.Tests.GrpcCalls.GrpcFixture;

namespace Larder.Functions.Tests.GrpcCalls;

/// <summary>ModelInfer and ModelStreamInfer (open_inference_grpc.proto, Triton's grpc_service.proto) by a generated client: a case for each rule.</summary>
[Collection(nameof(GrpcLarder))]
public sealed class InferCallTests(GrpcFixture larder) : IAsyncLifetime
{
    // y = x, and u = t.
    private static readonly byte[] Two = new OnnxModel()
        .Input("x", Datatype.Fp32, -1, 2).Input("t", Datatype.Bytes, -1).Output("y", Datatype.Fp32, -1, 2).Output("u", Datatype.Bytes, -1)
        .Node("Identity", ["x"], ["y"]).Node("Identity", ["t"], ["u"]).ToBytes();

    public async Task InitializeAsync()
    {
        foreach (var datatype in Enum.GetValues<Datatype>())
            await larder.UploadAsync($"rpc-{datatype.Name().ToLowerInvariant()}", OnnxModel.Identity(datatype, -1, 2));
        await larder.UploadAsync("rpc-two", Two);
        await larder.UploadAsync("rpc-linear", OnnxModel.Linear());
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("BOOL", "0001")]
    [InlineData("UINT8", "00ff")]
    [InlineData("UINT16", "0100ffff")]
    [InlineData("UINT32", "01000000ffffffff")]
    [InlineData("UINT64", "0100000000000000ffffffffffffffff")]
    [InlineData("INT8", "7f80")]
    [InlineData("INT16", "ff7f0080")]
    [InlineData("INT32", "ffffff7f00000080")]
    [InlineData("INT64", "ffffffffffffff7f0000000000000080")]
    [InlineData("FP16", "003c00fc")]
    [InlineData("BF16", "803fc07f")]
    [InlineData("FP32", "0000c03f0000c07f")]
    [InlineData("FP64", "000000000000f83f000000000000f0ff")]
    [InlineData("BYTES", "02000000fffe00000000")]
    public async Task Every_datatype_comes_and_goes_as_raw_contents(string type, string hex)
    {
        var answer = await larder.InferAsync(Raw($"rpc-{type.ToLowerInvariant()}", type, [1, 2], Convert.FromHexString(hex)));

        var output = Assert.Single(answer.Outputs);
        Assert.Equal(("y", type, null), (output.Name, output.Datatype, output.Contents));
        Assert.Equal([1, 2], output.Shape);
        Assert.Equal(hex, Convert.ToHexStringLower(Assert.Single(answer.RawOutputContents).Span));
    }

    [Fact]
    public async Task The_response_cache_is_shared_with_HTTP_and_is_passed_by_where_the_call_says_so()
    {
        await larder.UploadAsync("rpc-cache", OnnxModel.Linear());
        await larder.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/rpc-cache", """{"settings":{"cache":{"enabled":true,"seconds":600}}}""");
        var request = Raw("rpc-cache", "FP32", [1, 4], MemoryMarshal.AsBytes<float>([1, 2, 3, 4]).ToArray());

        var http = await larder.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/rpc-cache/prediction", """{"values":[[1,2,3,4]]}""");
        var (status, answer) = await CallAsync(With(Key));
        var (refused, again) = await CallAsync([.. With(Key), new Metadata.Entry("cache-control", "no-cache")]);

        Assert.Equal("Larder; fwd=miss; stored", http.Headers.GetValues("Cache-Status").Single());
        Assert.StartsWith("Larder; hit; ttl=", status);
        Assert.Equal("Larder; fwd=request", refused);
        Assert.Equal(answer, again);
        Assert.Equal(http.Body["outputs"]!["probabilities"]![0]!.AsArray().Select(value => (float)value!), MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[1].Span).ToArray());
        var statistics = (await larder.Inference.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "rpc-cache" }, With(Key))).ModelStats[0];
        Assert.Equal((2UL, 1UL, 1UL), (statistics.ExecutionCount, statistics.InferenceStats.CacheHit.Count, statistics.InferenceStats.CacheMiss.Count));

        using var stream = larder.Inference.ModelStreamInfer(With(Key));
        for (var i = 0; i < 2; i++)
        {
            await stream.RequestStream.WriteAsync(request);
            Assert.True(await stream.ResponseStream.MoveNext());
            Assert.Equal(answer, stream.ResponseStream.Current.InferResponse);
        }

        await stream.RequestStream.CompleteAsync();

        async Task<(string? Status, ModelInferResponse Answer)> CallAsync(Metadata metadata)
        {
            using var call = larder.Inference.ModelInferAsync(request, metadata);
            return ((await call.ResponseHeadersAsync).GetValue("cache-status"), await call.ResponseAsync);
        }
    }

    public static TheoryData<string, string> Contents => new()
    {
        { "BOOL", """{"boolContents":[true,false]}""" },
        { "UINT8", """{"uintContents":[0,255]}""" },
        { "UINT16", """{"uintContents":[0,65535]}""" },
        { "UINT32", """{"uintContents":[0,4294967295]}""" },
        { "UINT64", """{"uint64Contents":["0","18446744073709551615"]}""" },
        { "INT8", """{"intContents":[-128,127]}""" },
        { "INT16", """{"intContents":[-32768,32767]}""" },
        { "INT32", """{"intContents":[-2147483648,2147483647]}""" },
        { "INT64", """{"int64Contents":["-9223372036854775808","9223372036854775807"]}""" },
        { "FP32", """{"fp32Contents":[1.5,-2]}""" },
        { "FP64", """{"fp64Contents":[1.5,-1E+300]}""" },
        { "BYTES", """{"bytesContents":["Z3LDtsOfZQ==",""]}""" },
    };

    [Theory]
    [MemberData(nameof(Contents))]
    public async Task Every_datatype_but_those_of_two_bytes_comes_and_goes_as_typed_contents(string type, string json)
    {
        var contents = InferTensorContents.Parser.ParseJson(json);

        var answer = await larder.InferAsync(Request($"rpc-{type.ToLowerInvariant()}", Input("x", type, [1, 2], contents)));

        Assert.Empty(answer.RawOutputContents);
        Assert.Equal(contents, Assert.Single(answer.Outputs).Contents);
    }

    [Fact]
    public async Task Numbers_that_come_one_by_one_are_read_too()
    {
        // "Packed" is the default; parsers must take both (https://protobuf.dev/programming-guides/encoding/#packed).
        byte[] floats = [0x35, 0, 0, 0x80, 0x3F, 0x35, 0, 0, 0, 0x40];
        byte[] integers = [0x10, 0x01, 0x12, 0x01, 0x02];

        Assert.Equal([1f, 2f], Assert.Single(Reply(await SendAsync("rpc-fp32", "FP32", [0x18, 0x01, 0x18, 0x02], floats)).Outputs).Contents.Fp32Contents);
        Assert.Equal([1, 2], Assert.Single(Reply(await SendAsync("rpc-int32", "INT32", [0x1A, 0x01, 0x01, 0x1A, 0x01, 0x02], integers)).Outputs).Contents.IntContents);

        static ModelInferResponse Reply(byte[] bytes) => ModelInferResponse.Parser.ParseFrom(bytes);
    }

    [Fact]
    public async Task Outputs_of_two_bytes_come_as_raw_contents_after_typed_ones()
    {
        await larder.UploadAsync("rpc-half", new OnnxModel().Input("x", Datatype.Fp32, -1).Output("h", Datatype.Fp16, -1).Output("y", Datatype.Fp32, -1)
            .Node(new OnnxNode("Cast", ["x"], ["h"]).Int("to", 10)).Node("Identity", ["x"], ["y"]).ToBytes());

        var answer = await larder.InferAsync(Request("rpc-half", Input("x", "FP32", [1], new InferTensorContents { Fp32Contents = { 1 } })));

        Assert.Equal(["003c", "0000803f"], answer.RawOutputContents.Select(raw => Convert.ToHexStringLower(raw.Span)));
        Assert.All(answer.Outputs, output => Assert.Null(output.Contents));
    }

    [Fact]
    public async Task Id_version_and_outputs_are_those_that_are_asked_for()
    {
        await larder.Client.SendJsonAsync(HttpMethod.Put, "/api/v1/models/rpc-two/aliases/stable", """{"version":1}""");
        foreach (var version in new[] { "", "1", "stable" })
        {
            var request = OfTwo();
            (request.Id, request.ModelVersion) = ("a-ß", version);
            request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "u" });
            request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "y" });
            request.Parameters.Add("sequence_id", new InferParameter { Int64Param = 7 });

            var answer = await larder.InferAsync(request);

            Assert.Equal(("rpc-two", "1", "a-ß"), (answer.ModelName, answer.ModelVersion, answer.Id));
            Assert.Equal(["u", "y"], answer.Outputs.Select(output => output.Name));
            Assert.Equal("a", Assert.Single(answer.Outputs[0].Contents.BytesContents).ToStringUtf8());
        }

        Assert.Equal(["y", "u"], (await larder.InferAsync(OfTwo())).Outputs.Select(output => output.Name));
    }

    [Fact]
    public async Task Classes_with_the_highest_scores_come_in_the_place_of_the_scores()
    {
        await larder.UploadAsync("rpc-classes", OnnxModel.Identity(Datatype.Fp32, -1, 3), ("labels", """["a","b","c"]"""));
        ModelInferRequest Ask(long classes)
        {
            var request = Request("rpc-classes", Input("x", "FP32", [2, 3], new InferTensorContents { Fp32Contents = { 0.5f, 2, 1, 3, -1, 0 } }));
            request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "y", Parameters = { { "classification", new InferParameter { Int64Param = classes } } } });
            return request;
        }

        var output = Assert.Single((await larder.InferAsync(Ask(2))).Outputs);

        Assert.Equal("BYTES", output.Datatype);
        Assert.Equal([2, 2], output.Shape);
        Assert.Equal(["2:1:b", "1:2:c", "3:0:a", "0:2:c"], output.Contents.BytesContents.Select(text => text.ToStringUtf8()));
        Assert.Equal(new Status(StatusCode.InvalidArgument, "classification must be a number of classes, 1 or more."), Shown(await larder.RefusedAsync(Ask(0))));
    }

    [Fact]
    public async Task An_optional_input_may_be_left_out()
    {
        await larder.UploadAsync("rpc-optional", new OnnxModel().Input("x", Datatype.Fp32, -1, 2).Input("w", Datatype.Fp32, 2).Initializer(OnnxTensor.Of("w", [2f, 3f], 2))
            .Output("y", Datatype.Fp32, -1, 2).Node("Mul", ["x", "w"], ["y"]).ToBytes());
        var x = Input("x", "FP32", [1, 2], new InferTensorContents { Fp32Contents = { 1, 1 } });
        var w = Input("w", "FP32", [2], new InferTensorContents { Fp32Contents = { 5, 6 } });

        Assert.Equal([2, 3], (await larder.InferAsync(Request("rpc-optional", x))).Outputs[0].Contents.Fp32Contents);
        Assert.Equal([5, 6], (await larder.InferAsync(Request("rpc-optional", x, w))).Outputs[0].Contents.Fp32Contents);
    }

    [Fact]
    public async Task The_numbers_are_those_of_the_protocol_over_HTTP()
    {
        float[] values = [5.1f, 3.5f, 1.4f, 0.2f, 1, 2, 3, 4];
        var http = await larder.Client.SendJsonAsync(HttpMethod.Post, "/v2/models/rpc-linear/infer", $$"""{"inputs":[{"name":"x","shape":[2,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2,1,2,3,4]}]}""");
        var expected = http.Body["outputs"]![1]!["data"]!.AsArray().Select(value => (float)value!).ToArray();

        var typed = await larder.InferAsync(Request("rpc-linear", Input("x", "FP32", [2, 4], new InferTensorContents { Fp32Contents = { values } })));
        var raw = await larder.InferAsync(Raw("rpc-linear", "FP32", [2, 4], MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));

        Assert.Equal(expected, typed.Outputs[1].Contents.Fp32Contents);
        Assert.Equal(expected, MemoryMarshal.Cast<byte, float>(raw.RawOutputContents[1].Span).ToArray());
    }

    public static TheoryData<string, string> Wrong => new()
    {
        { """{"modelName":"rpc-two"}""", "The input x FP32 [-1,2] is missing." },
        { """{"modelName":"rpc-two","inputs":[{"name":"z"}]}""", "The model has no input 'z'; its inputs are x FP32 [-1,2], t BYTES [-1]." },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"contents":{"fp32Contents":[1,2]}},{"name":"x","datatype":"FP32","shape":[1,2],"contents":{"fp32Contents":[1,2]}}]}""", "The input x is given twice." },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP64","shape":[1,2],"contents":{"fp64Contents":[1,2]}}]}""", "x expects FP32 [-1,2]; got the datatype 'FP64'" },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"contents":{"fp64Contents":[1,2]}}]}""", "x expects FP32 [-1,2], whose elements are in fp32_contents; got fp64_contents" },
        { """{"modelName":"rpc-bytes","inputs":[{"name":"x","datatype":"BYTES","shape":[1,2],"contents":{"fp32Contents":[1,2]}}]}""", "x expects BYTES [-1,2], whose elements are in bytes_contents; got fp32_contents" },
        { """{"modelName":"rpc-fp16","inputs":[{"name":"x","datatype":"FP16","shape":[1,2],"contents":{"fp32Contents":[1,2]}}]}""", "The input x is FP16, which has no typed contents: send raw_input_contents." },
        { """{"modelName":"rpc-int8","inputs":[{"name":"x","datatype":"INT8","shape":[1,2],"contents":{"intContents":[1,128]}}]}""", "x expects INT8 [-1,2]; got 128, which is no INT8" },
        { """{"modelName":"rpc-uint16","inputs":[{"name":"x","datatype":"UINT16","shape":[1,2],"contents":{"uintContents":[65536,1]}}]}""", "x expects UINT16 [-1,2]; got 65536, which is no UINT16" },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"contents":{"fp32Contents":[1]}}]}""", "x expects FP32 [-1,2]; got 1 element, where the shape that is stated has 2" },
        { """{"modelName":"rpc-int64","inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"contents":{"int64Contents":[1,2,3]}}]}""", "x expects INT64 [-1,2]; got 3 elements, where the shape that is stated has 2" },
        { """{"modelName":"rpc-bytes","inputs":[{"name":"x","datatype":"BYTES","shape":[1,2]}]}""", "x expects BYTES [-1,2]; got 0 elements, where the shape that is stated has 2" },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP32","shape":[1,3]}]}""", "x expects FP32 [-1,2]; got shape [1,3]" },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP32","shape":[2]}]}""", "x expects FP32 [-1,2]; got shape [2]" },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}]}""", "shape must be a list of at most 64 lengths, each a whole number from 0 to 9223372036854775807." },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP32","shape":["1152921504606846976",2]}]}""", "the limit for one input" },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP32","shape":["4611686018427387904",2]}],"rawInputContents":["AAAA"]}""", "the limit for one input" },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP32","shape":[1,2]}],"rawInputContents":["AAAAAA=="]}""", "x expects FP32 [-1,2]; got 4 bytes for shape [1,2], which has 8" },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP32","shape":[1,2]}],"rawInputContents":["AAAAAAAAAAAA"]}""", "x expects FP32 [-1,2]; got 9 bytes for shape [1,2], which has 8" },
        { """{"modelName":"rpc-bool","inputs":[{"name":"x","datatype":"BOOL","shape":[1,2]}],"rawInputContents":["AAI="]}""", "the byte 2 at element 1" },
        { """{"modelName":"rpc-bytes","inputs":[{"name":"x","datatype":"BYTES","shape":[1,2]}],"rawInputContents":["/////2E="]}""", "element 0 with a length of 4294967295 bytes, of which 1 are there" },
        { """{"modelName":"rpc-bytes","inputs":[{"name":"x","datatype":"BYTES","shape":[1,2]}],"rawInputContents":["AQAAAGE="]}""", "bytes that end before element 1" },
        { """{"modelName":"rpc-fp32","inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"contents":{"fp32Contents":[1,2]}}],"rawInputContents":["AAAAAAAAAAA="]}""", "The request has raw_input_contents, and an input has contents, too; send one of them." },
        { """{"modelName":"rpc-two","inputs":[{"name":"x","datatype":"FP32","shape":[1,2]},{"name":"t","datatype":"BYTES","shape":[0]}],"rawInputContents":["AAAAAAAAAAA="]}""", "there are 2 inputs, and 1 raw contents" },
        { """{"modelName":"rpc-two","rawInputContents":["AA=="]}""", "there are 0 inputs, and 1 raw contents" },
        { """{"modelName":"rpc-fp32","outputs":[{"name":"z"}]}""", "The model has no output 'z'; its outputs are y." },
        { """{"modelName":"rpc-fp32","outputs":[{"name":"y"},{"name":"y"}]}""", "The output y is asked for twice." },
        { """{"modelName":""}""", "" },
        { """{"modelName":"../x"}""", "" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_request_is_an_invalid_argument_with_a_sentence(string json, string sentence)
    {
        var status = await larder.RefusedAsync(ModelInferRequest.Parser.ParseJson(json));

        Assert.Equal(StatusCode.InvalidArgument, status.StatusCode);
        Assert.Contains(sentence, status.Detail);
        await IsAliveAsync();
    }

    [Theory]
    [InlineData("no-such-model", "")]
    [InlineData("rpc-fp32", "99")]
    [InlineData("rpc-fp32", "none")]
    public async Task A_model_that_does_not_exist_is_not_found(string model, string version) =>
        Assert.Equal(StatusCode.NotFound, (await larder.RefusedAsync(new ModelInferRequest { ModelName = model, ModelVersion = version })).StatusCode);

    [Fact]
    public async Task Shared_memory_is_unimplemented()
    {
        var input = Input("x", "FP32", [1, 2]);
        input.Parameters.Add("shared_memory_region", new InferParameter { StringParam = "r" });

        Assert.Equal(StatusCode.Unimplemented, (await larder.RefusedAsync(Request("rpc-fp32", input))).StatusCode);
    }

    [Theory]
    [InlineData("ff")]
    [InlineData("0a05616263")]
    [InlineData("0affffffff0f")]
    [InlineData("0affffffffffffffffff01")]
    [InlineData("00")]
    [InlineData("0b")]
    [InlineData("0a02c328")]
    [InlineData("2a021a80")]
    public async Task Bytes_that_are_no_message_are_an_invalid_argument(string hex)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => SendAsync(Convert.FromHexString(hex)));
        var health = await Assert.ThrowsAsync<RpcException>(() => SendAsync([0x0A, 0x05, 0x61], "ModelReady"));

        Assert.Equal((StatusCode.InvalidArgument, StatusCode.InvalidArgument), (refused.StatusCode, health.StatusCode));
        await IsAliveAsync();
    }

    [Fact]
    public async Task A_message_may_have_the_bytes_of_the_setting_and_no_more()
    {
        var data = new byte[5 << 20];
        Random.Shared.NextBytes(data);

        var answer = await larder.InferAsync(Raw("rpc-uint8", "UINT8", [data.Length / 2, 2], data));
        var refused = await larder.RefusedAsync(Raw("rpc-uint8", "UINT8", [MostBytes / 2, 2], new byte[MostBytes]));

        Assert.True(data.AsSpan().SequenceEqual(answer.RawOutputContents[0].Span));
        Assert.Equal(new Status(StatusCode.ResourceExhausted, $"A message is limited to {MostBytes} bytes (Limits:PredictionBytes)."), Shown(refused));
        await IsAliveAsync();
    }

    [Fact]
    public async Task A_request_that_is_a_name_may_not_be_large()
    {
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await larder.Inference.ModelReadyAsync(new ModelReadyRequest { Name = new string('a', 2 << 20) }, With(Key)));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_compressed_message_is_read_up_to_the_same_limit(string encoding)
    {
        using var channel = GrpcChannel.ForAddress(new Uri(larder.Channel.Target.StartsWith("http", StringComparison.Ordinal) ? larder.Channel.Target : $"http://{larder.Channel.Target}"), new GrpcChannelOptions
        {
            CompressionProviders = [new global::Grpc.Net.Compression.GzipCompressionProvider(CompressionLevel.Fastest), new global::Grpc.Net.Compression.DeflateCompressionProvider(CompressionLevel.Fastest)],
        });
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        Metadata metadata = [.. With(Key), new("grpc-internal-encoding-request", encoding)];

        var answer = await client.ModelInferAsync(Raw("rpc-uint8", "UINT8", [1000, 2], new byte[2000]), metadata);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.ModelInferAsync(Raw("rpc-uint8", "UINT8", [MostBytes, 2], new byte[2 * MostBytes]), metadata));

        Assert.Equal(2000, answer.RawOutputContents[0].Length);
        Assert.Equal(new Status(StatusCode.ResourceExhausted, $"A message is limited to {MostBytes} bytes when it is decompressed (Limits:PredictionBytes)."), Shown(refused.Status));
        await IsAliveAsync();
    }

    [Fact]
    public async Task A_deadline_ends_the_wait_for_a_run_and_for_the_queue()
    {
        await larder.UploadAsync("rpc-slow", OnnxModel.MatMul(512, 300));
        var request = Raw("rpc-slow", "FP32", [64, 512], new byte[64 * 512 * sizeof(float)]);
        // The first loads the model, and times its runs.
        await larder.InferAsync(request);
        var one = System.Diagnostics.Stopwatch.StartNew();
        await larder.InferAsync(request);
        var run = one.Elapsed;

        var (rounds, failed) = (0u, 0ul);
        while (failed == 0)
        {
            var calls = Enumerable.Range(0, 16).Select(_ => Assert.ThrowsAsync<RpcException>(async () => await larder.Inference.ModelInferAsync(request, With(Key), DateTime.UtcNow + run / 4)));
            var refused = await Task.WhenAll(calls);
            rounds++;

            // Those that would miss their deadline in the queue are refused before it.
            Assert.All(refused, call => Assert.Contains(call.StatusCode, new[] { StatusCode.DeadlineExceeded, StatusCode.ResourceExhausted }));
            // The work of the calls ends with them. Some may have ended before they came to it; on a busy machine all, and then there is another round.
            await Eventually.TrueAsync(async () => (await larder.Client.GetStringAsync("/metrics")).Split('\n').Any(line => line.StartsWith("larder_prediction_in_flight", StringComparison.Ordinal) && line.Contains("} 0", StringComparison.Ordinal)));
            var statistics = await StatisticsAsync("rpc-slow");
            Assert.Equal(2ul, statistics.InferenceStats.Success.Count);
            failed = statistics.InferenceStats.Fail.Count;
            Assert.InRange(rounds, 1u, 100u);
        }

        Assert.InRange(failed, 1ul, 16ul * rounds);
        await Eventually.TrueAsync(() => Task.FromResult(larder.Log.Contains("gRPC /inference.GRPCInferenceService/ModelInfer was answered with DeadlineExceeded", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_stream_is_answered_in_order_and_goes_on_after_an_error()
    {
        using var call = larder.Inference.ModelStreamInfer(With(Key));
        var good = OfTwo();
        for (var i = 0; i < 20; i++)
        {
            var request = i % 3 == 1 ? Request("rpc-two") : good.Clone();
            request.Id = $"{i}";
            await call.RequestStream.WriteAsync(request);
        }

        await call.RequestStream.WriteAsync(new ModelInferRequest { ModelName = "no-such-model", Id = "20" });
        await call.RequestStream.CompleteAsync();
        var answers = new List<ModelStreamInferResponse>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync())
            answers.Add(answer);

        Assert.Equal(Enumerable.Range(0, 21).Select(i => $"{i}"), answers.Select(answer => answer.InferResponse.Id));
        Assert.All(answers.Take(20).Select((answer, i) => (answer, i)), pair =>
        {
            Assert.Equal(pair.i % 3 == 1 ? "The input x FP32 [-1,2] is missing." : "", pair.answer.ErrorMessage);
            Assert.Equal(pair.i % 3 == 1 ? 0 : 2, pair.answer.InferResponse.Outputs.Count);
        });
        Assert.NotEmpty(answers[20].ErrorMessage);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_stream_takes_no_more_messages_than_its_client_reads_answers_to()
    {
        using var call = larder.Inference.ModelStreamInfer(With(Key));
        var data = new byte[1 << 20];
        var request = Raw("rpc-uint8", "UINT8", [data.Length / 2, 2], data);
        var sent = 0;
        using var ending = new CancellationTokenSource();
        var sending = Task.Run(async () =>
        {
            for (; sent < 200 && !ending.IsCancellationRequested; sent++)
                await call.RequestStream.WriteAsync(request, ending.Token);
        });
        var before = -1;
        await Eventually.TrueAsync(async () =>
        {
            await Task.Delay(500);
            var same = before == sent;
            before = sent;
            return same;
        });

        Assert.InRange(sent, 1, 30);
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(data.Length, call.ResponseStream.Current.InferResponse.RawOutputContents[0].Length);
        await ending.CancelAsync();
        await Task.WhenAny(sending);
    }

    [Fact]
    public async Task Bytes_that_are_no_message_do_not_end_a_stream_and_one_that_is_too_large_does()
    {
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "inference.GRPCInferenceService", "ModelStreamInfer", Bytes, Bytes);
        using var call = larder.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, null, new CallOptions(With(Key)));
        await call.RequestStream.WriteAsync([0xFF]);
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("The bytes are not a message of Protocol Buffers.", ModelStreamInferResponse.Parser.ParseFrom(call.ResponseStream.Current).ErrorMessage);
        await call.RequestStream.WriteAsync(OfTwo().ToByteArray());
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("", ModelStreamInferResponse.Parser.ParseFrom(call.ResponseStream.Current).ErrorMessage);

        // The server may end the call before all of it is sent.
        await Task.WhenAny(call.RequestStream.WriteAsync(new byte[MostBytes + 1]));
        var ended = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal($"ResourceExhausted A message is limited to {MostBytes} bytes (Limits:PredictionBytes).", $"{ended.StatusCode} {ended.Status.Detail}");
    }

    private static Marshaller<byte[]> Bytes { get; } = Marshallers.Create(bytes => bytes, bytes => bytes);

    private static ModelInferRequest OfTwo() => Request(
        "rpc-two",
        Input("t", "BYTES", [1], new InferTensorContents { BytesContents = { ByteString.CopyFromUtf8("a") } }),
        Input("x", "FP32", [1, 2], new InferTensorContents { Fp32Contents = { 1, 2 } }));

    // Equality of a status compares its exception, too.
    private static Status Shown(Status status) => new(status.StatusCode, status.Detail);

    private Task<byte[]> SendAsync(string model, string datatype, byte[] shape, byte[] contents)
    {
        byte[] input = [.. Field(1, "x"u8), .. Field(2, System.Text.Encoding.UTF8.GetBytes(datatype)), .. shape, .. Field(5, contents)];
        return SendAsync([.. Field(1, System.Text.Encoding.UTF8.GetBytes(model)), .. Field(5, input)]);

        static byte[] Field(int number, ReadOnlySpan<byte> bytes) => [(byte)(number << 3 | 2), (byte)bytes.Length, .. bytes];
    }

    private async Task<byte[]> SendAsync(byte[] message, string method = "ModelInfer") =>
        await larder.Channel.CreateCallInvoker().AsyncUnaryCall(new Method<byte[], byte[]>(MethodType.Unary, "inference.GRPCInferenceService", method, Bytes, Bytes), null, new CallOptions(With(Key)), message);

    private async Task<ModelStatistics> StatisticsAsync(string model) => Assert.Single((await larder.Inference.ModelStatisticsAsync(new ModelStatisticsRequest { Name = model }, With(Key))).ModelStats);

    private async Task IsAliveAsync() => Assert.True((await larder.Inference.ServerLiveAsync(new ServerLiveRequest())).Live);
}
