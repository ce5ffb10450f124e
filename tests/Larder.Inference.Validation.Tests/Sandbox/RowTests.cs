using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.Sandbox;

public sealed class RowTests(SharedSandbox validation) : IClassFixture<SharedSandbox>
{
    [Theory]
    [MemberData(nameof(Independent))]
    public async Task Rows_that_do_not_touch_each_other_are_independent(string model, byte[] file) =>
        Assert.True((await validation.Accepts(file)).RowsAreIndependent, model);

    public static TheoryData<string, byte[]> Independent => new()
    {
        { "softmax regression", OnnxModel.Linear() },
        { "scikit-learn classifier", OnnxModel.ZipMap() },
        { "matrix product", OnnxModel.MatMul(64) },
        { "one number a row", OnnxModel.Identity(Datatype.Fp32, "batch") },
        { "strings", OnnxModel.Identity(Datatype.Bytes, "batch", 2) },
        { "booleans", OnnxModel.Identity(Datatype.Bool, "batch", 9) },
        { "bytes", OnnxModel.Identity(Datatype.UInt8, "batch", 28, 28, 1) },
        { "half precision", Unary("Sigmoid", Datatype.Fp16) },
        { "embedding lookup", Embedding(entries: 10) },
    };

    [Theory]
    [MemberData(nameof(Dependent))]
    public async Task Rows_that_influence_each_other_are_not(string model, byte[] file) =>
        Assert.False((await validation.Accepts(file)).RowsAreIndependent, model);

    public static TheoryData<string, byte[]> Dependent => new()
    {
        { "batch mean", OnnxModel.SubtractBatchMean() },
        { "running total", OnnxModel.RunningTotal() },
        { "batch mean of tiny values", Scaled(OnnxTensor.Of("s", [1e-7f])) },
        { "softmax down the batch", Unary(new OnnxNode("Softmax", ["x"], ["y"]).Int("axis", 0)) },
        { "rows from last to first", Reversed() },
        { "row count", Counted() },
    };

    [Theory]
    [MemberData(nameof(Unknown))]
    public async Task Where_it_cannot_be_told_they_are_not(string model, byte[] file) =>
        Assert.False((await validation.Accepts(file)).RowsAreIndependent, model);

    public static TheoryData<string, byte[]> Unknown => new()
    {
        { "no batch", OnnxModel.Identity(Datatype.Fp32, 1, 4) },
        { "another dimension varies", OnnxModel.Identity(Datatype.Fp32, "batch", "length") },
        { "a scalar output", new OnnxModel().Input("x", Datatype.Fp32, "batch").Output("y", Datatype.Fp32).Node(new OnnxNode("ReduceSum", ["x"], ["y"]).Int("keepdims", 0)).ToBytes() },
        { "one input has no batch", new OnnxModel().Input("x", Datatype.Fp32, "batch", 2).Input("b", Datatype.Fp32, 2).Output("y", Datatype.Fp32, "batch", 2).Node("Add", ["x", "b"], ["y"]).ToBytes() },
        { "arbitrary values are invalid", Embedding(entries: 1) },
        { "the same for all rows", Unary(new OnnxNode("Sub", ["x", "x"], ["y"])) },
        { "as many rows as it likes", new OnnxModel().Input("x", Datatype.Fp32, "batch").Output("y", Datatype.Int64, "many", 1).Node("NonZero", ["x"], ["t"]).Node(new OnnxNode("Transpose", ["t"], ["y"])).Node("Identity", ["t"], ["unused"]).ToBytes() },
        { "a row of a gigabyte", OnnxModel.Identity(Datatype.Fp32, "batch", 1 << 28) },
    };

    private static byte[] Unary(string op, Datatype datatype) => new OnnxModel()
        .Input("x", datatype, "batch", 4).Output("y", datatype, "batch", 4).Node(op, ["x"], ["y"]).ToBytes();

    private static byte[] Unary(OnnxNode node) => new OnnxModel()
        .Input("x", Datatype.Fp32, "batch", 4).Output("y", Datatype.Fp32, "batch", 4).Node(node).ToBytes();

    private static byte[] Embedding(int entries) => new OnnxModel()
        .Input("x", Datatype.Int64, "batch", 3).Output("y", Datatype.Fp32, "batch", 3, 2)
        .Initializer(OnnxTensor.Of("table", [.. Enumerable.Range(0, entries * 2).Select(i => (float)i)], entries, 2))
        .Node("Gather", ["table", "x"], ["y"]).ToBytes();

    private static byte[] Scaled(OnnxTensor scale) => new OnnxModel()
        .Input("x", Datatype.Fp32, "batch", 4).Output("y", Datatype.Fp32, "batch", 4)
        .Initializer(scale)
        .Node(new OnnxNode("ReduceMean", ["x"], ["mean"]).Ints("axes", 0))
        .Node("Sub", ["x", "mean"], ["d"])
        .Node("Mul", ["d", "s"], ["y"]).ToBytes();

    private static byte[] Reversed() => new OnnxModel()
        .Input("x", Datatype.Fp32, "batch", 4).Output("y", Datatype.Fp32, "batch", 4)
        .Initializer(OnnxTensor.Of("from", [-1L], 1)).Initializer(OnnxTensor.Of("to", [long.MinValue], 1))
        .Initializer(OnnxTensor.Of("axes", [0L], 1)).Initializer(OnnxTensor.Of("steps", [-1L], 1))
        .Node("Slice", ["x", "from", "to", "axes", "steps"], ["y"]).ToBytes();

    private static byte[] Counted() => new OnnxModel()
        .Input("x", Datatype.Fp32, "batch", 4).Output("y", Datatype.Fp32, "batch", 4)
        .Node("Shape", ["x"], ["shape"])
        .Initializer(OnnxTensor.Of("zero", [0L]))
        .Node("Gather", ["shape", "zero"], ["count"])
        .Node(new OnnxNode("Cast", ["count"], ["divisor"]).Int("to", 1))
        .Node("Div", ["x", "divisor"], ["y"]).ToBytes();
}
