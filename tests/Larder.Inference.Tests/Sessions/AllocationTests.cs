using System.Buffers;
using System.Text.Json;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Sessions;

public sealed class AllocationTests : IAsyncLifetime
{
    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Theory]
    [InlineData("[2,5,1,4]", 2048)]
    [InlineData("""{"float_input":[[2,5,1,4]]}""", 2048)]
    public async Task A_warm_prediction_allocates_little(string values, int bound)
    {
        var model = _kitchen.Add(OnnxModel.ZipMap());
        (await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None)).Dispose();
        var body = new ReadOnlySequence<byte>(System.Text.Encoding.UTF8.GetBytes(values));
        var answer = new ArrayBufferWriter<byte>(4096);
        using var writer = new Utf8JsonWriter(answer);
        // Until the model is known to be fast.
        using (var lease = await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None))
        {
            for (var i = 0; i < 500; i++)
                await Kitchen.PredictAsync(lease.Model, values);
        }

        for (var i = 0; i < 500; i++)
            Predict();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Predict();
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000;

        Assert.InRange(each, 1, bound);
        return;

        void Predict()
        {
            var leasing = _kitchen.Sessions.LeaseAsync(model, CancellationToken.None);
            Assert.True(leasing.IsCompletedSuccessfully);
            using var lease = leasing.Result;
            using var inputs = lease.Model.RentInputs();
            var reader = new Utf8JsonReader(body);
            reader.Read();
            inputs.Read(ref reader);
            var running = lease.Model.RunAsync(inputs, CancellationToken.None);
            Assert.True(running.IsCompletedSuccessfully);
            using var outputs = running.Result;
            answer.ResetWrittenCount();
            writer.Reset(answer);
            writer.WriteStartArray();
            outputs.WriteValue(0, writer);
            outputs.WriteValue(1, writer);
            writer.WriteEndArray();
            writer.Flush();
        }
    }

    [Fact]
    public async Task Leasing_a_loaded_model_and_reading_values_allocate_nothing()
    {
        var model = _kitchen.Add(OnnxModel.ZipMap());
        (await _kitchen.Sessions.LeaseAsync(model, CancellationToken.None)).Dispose();
        var body = new ReadOnlySequence<byte>("[[2,5,1,4],[2,5,1,4]]"u8.ToArray());
        for (var i = 0; i < 500; i++)
            Read();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Read();

        Assert.Equal(0, (GC.GetAllocatedBytesForCurrentThread() - before) / 1000);
        return;

        void Read()
        {
            using var lease = _kitchen.Sessions.LeaseAsync(model, CancellationToken.None).Result;
            using var inputs = lease.Model.RentInputs();
            var reader = new Utf8JsonReader(body);
            reader.Read();
            inputs.Read(ref reader);
        }
    }
}
