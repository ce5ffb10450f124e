using System.Diagnostics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Larder.Grpc.Protocol;

namespace Larder.Bench.Client;

/// <summary>ModelInfer of one iris over connections that each have one call in flight; the figures of wrk.</summary>
internal static class GrpcLoad
{
    private static readonly ModelInferRequest Iris = Request("iris", "float_input");

    // Until this program's own code is compiled with all optimisations.
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(2);

    public static async Task<object> RunAsync(Uri address, int connections, int seconds)
    {
        var channels = Enumerable.Range(0, connections).Select(_ => GrpcChannel.ForAddress(address)).ToList();
        await CallAsync(channels, Warmup);
        var began = Stopwatch.GetTimestamp();
        var callers = await CallAsync(channels, TimeSpan.FromSeconds(seconds));
        var elapsed = Stopwatch.GetElapsedTime(began);
        channels.ForEach(channel => channel.Dispose());
        var latencies = callers.SelectMany(caller => caller.Latencies).Order().ToList();
        return new
        {
            PerSecond = latencies.Count / elapsed.TotalSeconds,
            P50 = latencies[latencies.Count / 2],
            P99 = latencies[latencies.Count * 99 / 100],
            Refused = callers.Sum(caller => caller.Failed),
            Broken = 0,
        };
    }

    /// <summary>Four numbers, raw, for the only input of a model.</summary>
    public static ModelInferRequest Request(string model, string input) => new()
    {
        ModelName = model,
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = input, Datatype = "FP32", Shape = { 1, 4 } } },
        RawInputContents = { ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([5.1f, 3.5f, 1.4f, 0.2f])) },
    };

    private static Task<(List<double> Latencies, int Failed)[]> CallAsync(List<GrpcChannel> channels, TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        return Task.WhenAll(channels.Select(channel => Task.Run(() => CallAsync(channel, began, time))));
    }

    private static async Task<(List<double> Latencies, int Failed)> CallAsync(GrpcChannel channel, long began, TimeSpan time)
    {
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var (latencies, failed) = (new List<double>(), 0);
        while (Stopwatch.GetElapsedTime(began) < time)
        {
            var sent = Stopwatch.GetTimestamp();
            try
            {
                var answer = await client.ModelInferAsync(Iris);
                failed += answer.Outputs.Count > 0 ? 0 : 1;
            }
            catch (RpcException)
            {
                failed++;
            }

            latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }

        return (latencies, failed);
    }
}
