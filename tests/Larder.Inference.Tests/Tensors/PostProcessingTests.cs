using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Tensors;

/// <summary>Softmax, sigmoid and the classes with the highest scores.</summary>
public sealed class PostProcessingTests : IAsyncLifetime
{
    private static readonly string[] Pets = ["cat", "dog", "emu"];

    private readonly Kitchen _kitchen = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _kitchen.DisposeAsync().AsTask();

    [Theory]
    [InlineData("[1,2,3]", "[[0.09003057,0.24472848,0.66524094]]")]
    [InlineData("[[0,0,0],[1,1,-1e30]]", "[[0.33333334,0.33333334,0.33333334],[0.5,0.5,0]]")]
    // The exponential of 1000 is infinite in any datatype.
    [InlineData("[1000,999,-1000]", "[[0.7310586,0.26894143,0]]")]
    [InlineData("[-1000,-1000,-1001]", "[[0.4223188,0.4223188,0.1553624]]")]
    public async Task Softmax_is_over_the_last_dimension_and_stable(string values, string expected) =>
        Assert.Equal(expected, await ProcessAsync(OnnxModel.Identity(Datatype.Fp32, -1, 3), values, activation: Activation.Softmax));

    [Theory]
    [InlineData("[0,1,-1]", "[[0.5,0.7310586,0.26894143]]")]
    [InlineData("[1000,-1000,-10]", "[[1,0,4.539787E-05]]")]
    public async Task Sigmoid_is_of_each_element_and_stable(string values, string expected) =>
        Assert.Equal(expected, await ProcessAsync(OnnxModel.Identity(Datatype.Fp32, -1, 3), values, activation: Activation.Sigmoid));

    [Fact]
    public async Task Doubles_keep_their_digits_and_halves_are_written_as_FP32()
    {
        Assert.Equal("[0.7310585786300049]", await ProcessAsync(OnnxModel.Identity(Datatype.Fp64, -1), "[1]", activation: Activation.Sigmoid));
        Assert.Equal("[0.7310586]", await ProcessAsync(OnnxModel.Identity(Datatype.Fp16, -1), "[1]", activation: Activation.Sigmoid));
        Assert.Equal("0.7310586", await ProcessAsync(OnnxModel.Identity(Datatype.Bf16), "1", activation: Activation.Sigmoid));
    }

    [Theory]
    [InlineData("[1,3,2]", 1, """[[{"class":1,"label":"dog","score":3}]]""")]
    [InlineData("[[1,3,2],[5,-4,5]]", 2, """[[{"class":1,"label":"dog","score":3},{"class":2,"label":"emu","score":2}],[{"class":0,"label":"cat","score":5},{"class":2,"label":"emu","score":5}]]""")]
    [InlineData("[0.1,0.2,-0.5]", 3, """[[{"class":1,"label":"dog","score":0.2},{"class":0,"label":"cat","score":0.1},{"class":2,"label":"emu","score":-0.5}]]""")]
    [InlineData("[]", 3, "[]")]
    public async Task The_highest_scores_come_first_with_their_labels_and_of_equal_ones_the_first(string values, int top, string expected) =>
        Assert.Equal(expected, await ProcessAsync(OnnxModel.Identity(Datatype.Fp32, -1, 3), values, top, labels: Pets));

    [Fact]
    public async Task Without_labels_or_with_others_classes_have_numbers_only()
    {
        var model = OnnxModel.Identity(Datatype.Fp32, -1, 3);

        Assert.Equal("""[[{"class":2,"score":3}]]""", await ProcessAsync(model, "[1,2,3]", 1));
        Assert.Equal("""[[{"class":2,"score":3}]]""", await ProcessAsync(model, "[1,2,3]", 1, labels: Pets[..2], output: "y"));
    }

    [Fact]
    public async Task Activation_and_top_go_together() =>
        Assert.Equal("""[[{"class":2,"label":"emu","score":0.66524094}]]""", await ProcessAsync(OnnxModel.Identity(Datatype.Fp32, -1, 3), "[1,2,3]", 1, Activation.Softmax, Pets));

    [Fact]
    public async Task A_list_of_classes_without_rows_and_rows_of_rows_are_taken_by_the_last_dimension()
    {
        Assert.Equal("""[{"class":1,"score":2}]""", await ProcessAsync(OnnxModel.Identity(Datatype.Fp32, 2), "[1,2]", 1));
        Assert.Equal("""[[[{"class":1,"score":2}],[{"class":0,"score":4}]]]""", await ProcessAsync(OnnxModel.Identity(Datatype.Fp32, 1, 2, 2), "[[[1,2],[4,3]]]", 1));
    }

    [Fact]
    public async Task NaN_is_higher_than_nothing()
    {
        var model = new OnnxModel().Input("x", Datatype.Fp32, -1, 3).Output("y", Datatype.Fp32, -1, 3).Node("Sqrt", ["x"], ["y"]).ToBytes();

        Assert.Equal("""[[{"class":1,"score":2},{"class":0,"score":"NaN"},{"class":2,"score":"NaN"}]]""", await ProcessAsync(model, "[-1,4,-1]", 3));
    }

    [Fact]
    public async Task Rows_of_a_shared_run_are_processed_as_alone()
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.MatMul(64), rowsAreIndependent: true);
        var processing = PostProcessing.Of(2, Activation.Softmax, null, [], lease.Model.Signature);
        string Values(int i) => $"[{string.Join(',', Enumerable.Range(0, 64).Select(j => (i * 7) + (j % 5)))}]";
        var alone = new List<string>();
        for (var i = 0; i < 50; i++)
            alone.Add(await ClassesAsync(i));

        await Parallel.ForEachAsync(Enumerable.Range(0, 500), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) => Assert.Equal(alone[i % 50], await ClassesAsync(i % 50)));

        // A run together may round differently in the last bit, which classes do not show.
        async Task<string> ClassesAsync(int i)
        {
            using var inputs = lease.Model.RentInputs();
            Kitchen.Read(inputs, Encoding.UTF8.GetBytes(Values(i)));
            using var outputs = await lease.Model.RunAsync(inputs, CancellationToken.None);
            return string.Join(' ', JsonNode.Parse(Write(outputs, processing))![0]!.AsArray().Select(best => (int)best!["class"]!));
        }
    }

    [Theory]
    [InlineData(5_000, 3)]
    [InlineData(3, 5_000)]
    [InlineData(1, 20_000)]
    public async Task In_pieces_the_same_is_written(int rows, int classes)
    {
        using var lease = await _kitchen.LeaseAsync(OnnxModel.Identity(Datatype.Fp32, -1, -1));
        using var inputs = lease.Model.RentInputs();
        var values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(inputs[0].Reserve([rows, classes]));
        for (var i = 0; i < values.Length; i++)
            values[i] = i * 7919 % 101;
        using var outputs = await lease.Model.RunAsync(inputs, CancellationToken.None);
        foreach (var (top, activation) in new (int?, Activation?)[] { (2, null), (null, Activation.Softmax), (3, Activation.Sigmoid) })
        {
            var processing = PostProcessing.Of(top, activation, null, [], lease.Model.Signature);
            var buffer = new ArrayBufferWriter<byte>();
            using var writer = new Utf8JsonWriter(buffer);
            foreach (var _ in outputs.WritePieces(0, writer, processing))
                writer.Flush();
            writer.Flush();
            var written = JsonNode.Parse(buffer.WrittenSpan)!.AsArray();
            Assert.Equal(Write(outputs, processing), written.ToJsonString());
            Assert.Equal((rows, top ?? classes), (written.Count, written[^1]!.AsArray().Count));
            if (activation == Activation.Softmax)
                Assert.All(written, row => Assert.Equal(1, row!.AsArray().Sum(p => (double)p!), 4));
        }
    }

    public static TheoryData<byte[], int?, Activation?, string?, string> Refused => new()
    {
        { OnnxModel.Identity(Datatype.Int64, -1, 3), 1, null, null, "top cannot be applied: output y has elements of type INT64, which are no scores" },
        { OnnxModel.Identity(Datatype.Bytes, -1, 3), null, Activation.Sigmoid, "y", "activation cannot be applied: output y has elements of type BYTES, which are no scores" },
        { OnnxModel.Identity(Datatype.Fp32, -1, 3), 4, null, null, "top cannot be applied: output y has 3 classes, and top is 4" },
        { OnnxModel.Identity(Datatype.Fp32, -1, 1), null, Activation.Softmax, null, "activation cannot be applied: output y has one score in each row, whose softmax is always 1: ask for activation=sigmoid" },
        { OnnxModel.Identity(Datatype.Fp32, -1), 1, Activation.Softmax, null, "top and activation cannot be applied: output y has one number for each row, and no dimension for classes" },
        { OnnxModel.Identity(Datatype.Fp32, -1, 4), 1, null, null, "top cannot be applied: output y has 4 elements in its last dimension, and the version has 3 labels: if these are classes, say so with output=y" },
        {
            OnnxModel.ZipMap(), 1, null, null,
            "top cannot be applied: output output_label has elements of type INT64, which are no scores; output output_probability is a sequence(map(INT64,FP32)) (convert the model without ZipMap, so that it gives a tensor of scores)"
        },
        { OnnxModel.Linear(), 1, null, "probability", "output must be an output of the model: label, probabilities" },
        { Detector(4, 4), null, Activation.Sigmoid, null, "activation may be for boxes FP32 [1,-1,4] or scores FP32 [1,-1,4]: say which with output=" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_makes_no_sense_is_refused_before_the_run(byte[] model, int? top, Activation? activation, string? output, string sentence)
    {
        var signature = Kitchen.Describe(model).Description.Signature;

        Assert.Equal(sentence, Assert.Throws<InvalidInputException>(() => PostProcessing.Of(top, activation, output, Pets, signature)).Message);
    }

    [Fact]
    public void Of_several_outputs_that_one_is_taken_that_can_be_meant()
    {
        Assert.Equal(1, Chosen(OnnxModel.Linear(), null, []));
        Assert.Equal(1, Chosen(Detector(4, 3), null, Pets));
        Assert.Equal(0, Chosen(Detector(4, 3), "boxes", Pets));

        static int Chosen(byte[] model, string? output, string[] labels) => PostProcessing.Of(1, null, output, labels, Kitchen.Describe(model).Description.Signature).Output;
    }

    [Theory]
    [InlineData("[[1,2]]", 3, "top cannot be applied: output y has 2 classes, and top is 3")]
    [InlineData("[[1]]", null, "activation cannot be applied: output y has one score in each row, whose softmax is always 1: ask for activation=sigmoid")]
    public async Task What_only_the_run_shows_is_refused_after_it(string values, int? top, string sentence)
    {
        var error = await Assert.ThrowsAsync<InvalidInputException>(
            () => ProcessAsync(OnnxModel.Identity(Datatype.Fp32, -1, -1), values, top, top is null ? Activation.Softmax : null));

        Assert.Equal(sentence, error.Message);
    }

    [Fact]
    public async Task A_single_dimension_that_was_not_declared_may_be_that_of_rows()
    {
        var model = new OnnxModel().Input("x", Datatype.Fp32, -1, -1).Input("shape", Datatype.Int64, -1).Output("y", OnnxType.TensorOfAnyRank(Datatype.Fp32)).Node("Reshape", ["x", "shape"], ["y"]).ToBytes();

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => ProcessAsync(model, """{"x":[[1,2]],"shape":[-1]}""", 1));

        Assert.Equal("top cannot be applied: output y has shape [2], without a dimension for classes", error.Message);
        Assert.Equal("""[[{"class":1,"score":2}]]""", await ProcessAsync(model, """{"x":[[1,2]],"shape":[1,2]}""", 1));
    }

    private static byte[] Detector(int coordinates, int classes) => new OnnxModel()
        .Input("b", Datatype.Fp32, 1, -1, coordinates).Input("s", Datatype.Fp32, 1, -1, classes)
        .Output("boxes", Datatype.Fp32, 1, -1, coordinates).Output("scores", Datatype.Fp32, 1, -1, classes)
        .Node("Identity", ["b"], ["boxes"]).Node("Identity", ["s"], ["scores"]).ToBytes();

    private async Task<string> ProcessAsync(byte[] model, string values, int? top = null, Activation? activation = null, string[]? labels = null, string? output = null)
    {
        using var lease = await _kitchen.LeaseAsync(model);
        using var inputs = lease.Model.RentInputs();
        Kitchen.Read(inputs, Encoding.UTF8.GetBytes(values));
        using var outputs = await lease.Model.RunAsync(inputs, CancellationToken.None);
        return Write(outputs, PostProcessing.Of(top, activation, output, labels ?? [], lease.Model.Signature));
    }

    private static string Write(PredictionOutputs outputs, PostProcessing processing)
    {
        outputs.Check(processing);
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            outputs.WriteValue(processing.Output, writer, processing);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
