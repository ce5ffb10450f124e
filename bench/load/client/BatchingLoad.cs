using System.Diagnostics;
using System.Runtime.InteropServices;
using Larder.Inference.Sessions;
using Larder.Inference.Settings;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Bench.Client;

/// <summary>Rows per second of the dense network in this process: 64 callers with and without batching, and one thread with batches of 32, in turns.</summary>
internal static class BatchingLoad
{
    private const int Callers = 64;
    private const int Rows = 32;

    public static async Task<object> RunAsync(int rounds, int seconds)
    {
        var onnx = OnnxModel.Dense(Models.DenseWidths);
        await using var together = new Loaded(onnx);
        await using var apart = new Loaded(onnx, new ModelSettings { Batching = new BatchingSettings { Enabled = false } });
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using var single = new InferenceSession(onnx, options);
        using var all = new InferenceSession(onnx);
        using var with = await together.Sessions.LeaseAsync(together.Model, CancellationToken.None);
        using var without = await apart.Sessions.LeaseAsync(apart.Model, CancellationToken.None);

        var time = TimeSpan.FromSeconds(seconds);
        var measured = new List<object>();
        for (var round = 0; round <= rounds; round++)
        {
            var figures = new
            {
                With = await CallersAsync(with.Model, time),
                Without = await CallersAsync(without.Model, time),
                OneThread = Batches(single, time),
                AllCores = Batches(all, time),
            };
            // The first is the warm-up.
            if (round > 0)
                measured.Add(figures);
        }

        return measured;
    }

    private static async Task<double> CallersAsync(LoadedModel model, TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            using var inputs = model.RentInputs();
            MemoryMarshal.Cast<byte, float>(inputs[0].Reserve([1, Models.DenseWidths[0]])).Fill(0.5f);
            long count = 0;
            for (; Stopwatch.GetElapsedTime(began) < time; count++)
                (await model.RunAsync(inputs, CancellationToken.None)).Dispose();
            return count;
        })));
        return counts.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static double Batches(InferenceSession session, TimeSpan time)
    {
        var values = new float[Rows * Models.DenseWidths[0]];
        Array.Fill(values, 0.5f);
        using var input = OrtValue.CreateTensorValueFromMemory(values, [Rows, Models.DenseWidths[0]]);
        using var options = new RunOptions();
        var (began, rows) = (Stopwatch.GetTimestamp(), 0L);
        for (; Stopwatch.GetElapsedTime(began) < time; rows += Rows)
            session.Run(options, ["x"], [input], ["y"]).Dispose();
        return rows / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
