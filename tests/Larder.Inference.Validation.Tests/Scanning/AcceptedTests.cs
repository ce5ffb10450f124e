using System.Text;
using Larder.Inference.Signatures;
using Larder.Inference.Validation.Scanning;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Validation.Tests.Scanning;

public sealed class AcceptedTests
{
    [Fact]
    public void What_the_file_says_of_itself_is_read()
    {
        var scan = Scan.Accepts(Scan.Model()
            .Producer("skl2onnx", "1.14")
            .Documentation("Fisher's irises\nin three classes")
            .Metadata("names", "{0: 'setosa'}")
            .Opset("ai.onnx.ml", 3));

        Assert.Equal(8, scan.IrVersion);
        Assert.Equal("skl2onnx 1.14", scan.Producer);
        Assert.Equal("Fisher's irises\nin three classes", scan.Documentation);
        Assert.Equal("{0: 'setosa'}", scan.Metadata["names"]);
        Assert.Equal(new Dictionary<string, long> { ["ai.onnx"] = 17, ["ai.onnx.ml"] = 3 }, scan.Opsets);
    }

    [Fact]
    public void What_the_file_does_not_say_is_null()
    {
        var scan = Scan.Accepts(Scan.Model());

        Assert.Null(scan.Producer);
        Assert.Null(scan.Documentation);
        Assert.Empty(scan.Metadata);
    }

    [Fact]
    public void Long_texts_are_cut()
    {
        var scan = Scan.Accepts(Scan.Model().Documentation(new string('d', 1_000_000)).Metadata("k", new string('v', 1_000_000)));

        Assert.Equal(4_096, scan.Documentation!.Length);
        Assert.Equal(4_096, scan.Metadata["k"].Length);
    }

    [Fact]
    public void The_graph_may_come_before_everything_else()
    {
        var model = Scan.Model();
        byte[] reordered = [.. new Proto().Message(7, model.Graph!).ToBytes(), .. new OnnxModel().WithGraph(null).ToBytes()];

        Assert.Equal(8, Scan.Accepts(reordered).IrVersion);
    }

    [Fact]
    public void Unknown_fields_are_passed_over()
    {
        var model = Scan.Model().Varint(99, 1).Text(98, "from the future").Raw(0xED, 0x06, 1, 2, 3, 4).Raw(0xF1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8);

        Assert.Equal(8, Scan.Accepts(model).IrVersion);
    }

    [Fact]
    public void An_operator_set_that_no_node_uses_may_be_unknown()
    {
        // Exporters leave the imports of functions behind that they have inlined.
        Assert.Equal(1, Scan.Accepts(Scan.Model().Opset("pkg.onnxscript.torch_lib.common", 1)).Opsets["pkg.onnxscript.torch_lib.common"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ai.onnx")]
    [InlineData("ai.onnx.ml")]
    [InlineData("com.microsoft")]
    public void Operators_that_ONNX_Runtime_brings_may_be_used(string domain)
    {
        Assert.NotNull(Scan.Accepts(Scan.Model().Node("Op", ["x"], ["z"], domain)));
    }

    [Fact]
    public void Operators_that_the_file_defines_may_be_used()
    {
        var model = Scan.Model()
            .Opset("my.own", 1)
            .Node("Twice", ["x"], ["z"], "my.own")
            .Function(new OnnxFunction("my.own", "Twice", ["a"], ["b"]).Node(new OnnxNode("Add", ["a", "a"], ["b"])));

        Assert.Equal(1, Scan.Accepts(model).Opsets["my.own"]);
    }

    [Fact]
    public void Training_information_is_read_over()
    {
        Assert.NotNull(Scan.Accepts(Scan.Model().Training(new OnnxGraph().Initializer(OnnxTensor.Of("w", [1f, 2f], 2)))));
    }

    [Theory]
    [MemberData(nameof(Tensors))]
    public void A_tensor_with_as_much_data_as_it_declares_is_accepted(string what, OnnxTensor tensor)
    {
        Assert.True(Scan.Accepts(Scan.Model().Initializer(tensor)).IrVersion > 0, what);
    }

    public static TheoryData<string, OnnxTensor> Tensors => new()
    {
        { "scalar", OnnxTensor.Of("w", [1f]) },
        { "empty", OnnxTensor.Of("w", Array.Empty<float>(), 0, 1_000_000) },
        { "raw floats", OnnxTensor.Of("w", [1f, 2f, 3f], 3) },
        { "raw booleans", OnnxTensor.Of("w", [true, false], 2) },
        { "strings", OnnxTensor.Of("w", ["a", "", "c"], 3) },
        { "packed dimensions", new OnnxTensor().Bytes(1, [2, 3]).Varint(2, 2).Text(8, "w").Bytes(9, new byte[6]) },
        { "unpacked floats", OnnxTensor.Declare("w", TensorElementType.Float, 2).Fixed32(4, 1).Fixed32(4, 2) },
        { "packed floats", OnnxTensor.Declare("w", TensorElementType.Float, 2).Bytes(4, new byte[8]) },
        { "packed and unpacked floats", OnnxTensor.Declare("w", TensorElementType.Float, 3).Bytes(4, new byte[8]).Fixed32(4, 1) },
        { "complex as pairs", OnnxTensor.Declare("w", TensorElementType.Complex64, 2).Bytes(4, new byte[16]) },
        { "half floats as integers", OnnxTensor.Declare("w", TensorElementType.Float16, 2).Bytes(5, [1, 0x80, 1]) },
        { "packed long integers", OnnxTensor.Declare("w", TensorElementType.Int64, 2).Bytes(7, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 7]) },
        { "unsigned integers", OnnxTensor.Declare("w", TensorElementType.UInt32, 2).Varint(11, 1).Varint(11, 2) },
        { "doubles", OnnxTensor.Declare("w", TensorElementType.Double, 2).Bytes(10, new byte[16]) },
        { "raw four-bit integers", OnnxTensor.Declare("w", (TensorElementType)22, 3).Bytes(9, new byte[2]) },
        { "four-bit integers in pairs", OnnxTensor.Declare("w", (TensorElementType)21, 3).Bytes(5, [1, 2]) },
        { "raw two-bit integers", OnnxTensor.Declare("w", (TensorElementType)26, 5).Bytes(9, new byte[2]) },
        { "eight-bit floats", OnnxTensor.Declare("w", (TensorElementType)17, 3).Bytes(9, new byte[3]) },
    };

    [Theory]
    [InlineData("ai.onnx.ml", "TreeEnsembleClassifier", new long[] { 0, 1, 0 }, true)]
    [InlineData("ai.onnx.ml", "TreeEnsembleRegressor", new long[] { 0, 0, 0 }, false)]
    [InlineData("ai.onnx.ml", "Imputer", new long[0], true)]
    [InlineData("", "IsNaN", new long[0], true)]
    [InlineData("", "Identity", new long[0], false)]
    public void A_graph_that_deals_with_NaN_takes_missing_values(string domain, string type, long[] tracks, bool takesMissing) => Assert.Equal(
        takesMissing,
        Scan.Accepts(Scan.Model().Opset("ai.onnx.ml", 3).Node(new OnnxNode(type, ["x"], ["t"], domain).Ints("nodes_missing_value_tracks_true", tracks))).TakesMissing);

    [Theory]
    [InlineData("", "RandomNormal", 0, true)]
    [InlineData("", "RandomNormalLike", 1, true)]
    [InlineData("ai.onnx", "RandomUniform", 0, true)]
    [InlineData("", "RandomUniformLike", 1, true)]
    [InlineData("", "Multinomial", 1, true)]
    [InlineData("", "Bernoulli", 1, true)]
    [InlineData("", "Dropout", 3, true)]
    [InlineData("", "Dropout", 2, false)]
    [InlineData("com.microsoft", "Sampling", 3, true)]
    [InlineData("", "Identity", 1, false)]
    public void A_graph_that_draws_random_numbers_is_known_as_such(string domain, string type, int inputs, bool draws)
    {
        var node = new OnnxNode(type, [.. Enumerable.Repeat("x", inputs)], ["t"], domain);

        Assert.Equal(draws, Scan.Accepts(Scan.Model().Opset("com.microsoft", 1).Node(node)).HasRandomOperators);
        // Also in a branch.
        var branch = new OnnxGraph("branch").Output("t", Datatype.Fp32, 1).Node(node);
        Assert.Equal(draws, Scan.Accepts(Scan.Model().Opset("com.microsoft", 1).Node(new OnnxNode("If", ["x"], ["u"]).Graph("then_branch", branch))).HasRandomOperators);
    }

    [Fact]
    public void A_stream_that_cannot_seek_is_read_all_the_same()
    {
        var file = Scan.Model().Initializer(OnnxTensor.Of("w", new float[100_000], 100_000)).Producer("p", "1").ToBytes();

        Assert.Equal("p 1", OnnxScanner.Scan(new SlowStream(file), new ValidationLimits(), default).Producer);
    }

    [Fact]
    public void A_stream_that_does_not_begin_at_its_start_is_read_from_where_it_stands()
    {
        var stream = new MemoryStream([.. Encoding.ASCII.GetBytes("something before"), .. Scan.Model().ToBytes()]) { Position = 16 };

        Assert.Equal(8, OnnxScanner.Scan(stream, new ValidationLimits(), default).IrVersion);
    }

    /// <summary>Answers a few bytes at a time, as a network does.</summary>
    private sealed class SlowStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 777)]);
    }
}
