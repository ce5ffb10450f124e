using System.Runtime.InteropServices;
using Larder.Inference.Signatures;

namespace Larder.Testing.Onnx;

/// <content>Ready-made models.</content>
public sealed partial class OnnxModel
{
    /// <summary><c>x -> y</c>, the same tensor.</summary>
    public static byte[] Identity(Datatype datatype, params OnnxDim[] shape) => new OnnxModel()
        .Input("x", datatype, shape)
        .Output("y", datatype, shape)
        .Node("Identity", ["x"], ["y"])
        .ToBytes();

    /// <summary>Next to no work, whatever the width: <c>x</c> FP32 [-1,columns] to its first column, <c>y</c> FP32 [-1,1].</summary>
    public static byte[] FirstColumn(int columns) => new OnnxModel()
        .Input("x", Datatype.Fp32, "batch", columns)
        .Output("y", Datatype.Fp32, "batch", 1)
        .Initializer(OnnxTensor.Of("first", [0L], 1))
        .Node(new OnnxNode("Gather", ["x", "first"], ["y"]).Int("axis", 1))
        .ToBytes();

    /// <summary>
    /// Softmax regression on <c>x</c> FP32 [-1,features]: <c>label</c> INT64 [-1] and <c>probabilities</c> FP32 [-1,classes].
    /// The weights are small and differ from class to class, so that predictions are neither constant nor arbitrary.
    /// </summary>
    public static byte[] Linear(int features = 4, int classes = 3) =>
        Linear(features, classes, OnnxTensor.Of("weights", Weights(features * classes), features, classes), OnnxTensor.Of("bias", Weights(classes), classes));

    /// <summary>The same model as PyTorch's exporter writes it: the file, and another with its weights, and behind them its biases.</summary>
    /// <param name="location">What the other file is called.</param>
    /// <param name="features">Columns.</param>
    /// <param name="classes">Classes.</param>
    public static (byte[] Model, byte[] Data) LinearWithData(string location = "model.onnx.data", int features = 4, int classes = 3)
    {
        byte[] weights = [.. MemoryMarshal.AsBytes(Weights(features * classes).AsSpan())];
        byte[] bias = [.. MemoryMarshal.AsBytes(Weights(classes).AsSpan())];
        var model = Linear(
            features,
            classes,
            OnnxTensor.ExternalAt("weights", location, "0", $"{weights.Length}", features, classes),
            OnnxTensor.ExternalAt("bias", location, $"{weights.Length}", $"{bias.Length}", classes));
        return (model, [.. weights, .. bias]);
    }

    private static byte[] Linear(int features, int classes, OnnxTensor weights, OnnxTensor bias) => new OnnxModel()
        .Producer("larder-tests", "1")
        .Input("x", Datatype.Fp32, "batch", features)
        .Output("label", Datatype.Int64, "batch")
        .Output("probabilities", Datatype.Fp32, "batch", classes)
        .Initializer(weights)
        .Initializer(bias)
        .Node("MatMul", ["x", "weights"], ["products"])
        .Node("Add", ["products", "bias"], ["scores"])
        .Node(new OnnxNode("Softmax", ["scores"], ["probabilities"]).Int("axis", 1))
        .Node(new OnnxNode("ArgMax", ["probabilities"], ["label"]).Int("axis", 1).Int("keepdims", 0))
        .ToBytes();

    /// <summary>
    /// A text model with its tokenizer in the graph, by ONNX Runtime Extensions: <c>text</c> BYTES [1] to <c>ids</c> INT64 [n] (of <c>[CLS]</c>, the words in lower case, <c>[SEP]</c>), and <c>count</c> INT64 [1], how many they are.
    /// </summary>
    public static byte[] BertTokenizer() => new OnnxModel()
        .Opset("ai.onnx.contrib", 1)
        .Input("text", Datatype.Bytes, 1)
        .Output("ids", Datatype.Int64, "n")
        .Output("count", Datatype.Int64, 1)
        .Node(new OnnxNode("BertTokenizer", ["text"], ["ids", "types", "mask"], "ai.onnx.contrib")
            .String("vocab_file", "[UNK]\n[SEP]\n[PAD]\n[CLS]\n[MASK]\na\nlarder\nserve\n##s\nmodel"))
        .Node("Shape", ["ids"], ["count"])
        .ToBytes();

    /// <summary>
    /// A classifier as scikit-learn's converter writes them: <c>float_input</c> FP32 [-1,features] to <c>output_label</c> INT64 [-1] and
    /// <c>output_probability</c> sequence(map(INT64,FP32)).
    /// </summary>
    public static byte[] ZipMap(int features = 4, int classes = 3) => new OnnxModel()
        .Opset("ai.onnx.ml", 1)
        .Producer("skl2onnx", "1.14")
        .Input("float_input", Datatype.Fp32, -1, features)
        .Output("output_label", Datatype.Int64, -1)
        .Output("output_probability", OnnxType.Sequence(OnnxType.Map(Datatype.Int64, OnnxType.Tensor(Datatype.Fp32))))
        .Node(new OnnxNode("LinearClassifier", ["float_input"], ["label", "scores"], "ai.onnx.ml")
            .Floats("coefficients", Weights(features * classes))
            .Floats("intercepts", Weights(classes))
            .Ints("classlabels_ints", Labels(classes))
            .Int("multi_class", 0)
            .String("post_transform", "SOFTMAX"))
        .Node(new OnnxNode("Normalizer", ["scores"], ["probabilities"], "ai.onnx.ml").String("norm", "L1"))
        .Node("Identity", ["label"], ["output_label"])
        .Node(new OnnxNode("ZipMap", ["probabilities"], ["output_probability"], "ai.onnx.ml").Ints("classlabels_int64s", Labels(classes)))
        .ToBytes();

    /// <summary>Heavy on the processor: <c>x</c> FP32 [-1,size] times a [size,size] matrix, as often as said; weights are size * size * 4 bytes.</summary>
    public static byte[] MatMul(int size = 512, int times = 1)
    {
        var model = new OnnxModel()
            .Input("x", Datatype.Fp32, "batch", size)
            .Output("y", Datatype.Fp32, "batch", size)
            .Initializer(OnnxTensor.Of("weights", [.. Weights(size * size).Select(w => w / size)], size, size));
        for (var i = 0; i < times; i++)
            model.Node("MatMul", [i == 0 ? "x" : $"t{i}", "weights"], [i == times - 1 ? "y" : $"t{i + 1}"]);
        return model.ToBytes();
    }

    /// <summary>A dense network: <c>x</c> FP32 [-1,widths[0]] to <c>y</c> FP32 [-1,widths[^1]], with a ReLU between layers.</summary>
    public static byte[] Dense(params int[] widths)
    {
        var model = new OnnxModel().Input("x", Datatype.Fp32, "batch", widths[0]).Output("y", Datatype.Fp32, "batch", widths[^1]);
        var value = "x";
        for (var i = 1; i < widths.Length; i++)
        {
            var last = i == widths.Length - 1;
            var (from, to) = (widths[i - 1], widths[i]);
            model.Initializer(OnnxTensor.Of($"weights{i}", Weights(from * to, from), from, to)).Initializer(OnnxTensor.Of($"bias{i}", Weights(to), to));
            model.Node("Gemm", [value, $"weights{i}", $"bias{i}"], [last ? "y" : $"sum{i}"]);
            if (!last)
                model.Node("Relu", [$"sum{i}"], [$"layer{i}"]);
            value = $"layer{i}";
        }

        return model.ToBytes();
    }

    /// <summary>
    /// A convolutional network with the layers of MobileNet (Howard et al. 2017, table 1) and ten classes, 3.2 million parameters: <c>image</c> FP32 [-1,3,224,224] to <c>scores</c> FP32 [-1,10].
    /// </summary>
    public static byte[] MobileNet()
    {
        const int classes = 10;
        (int Channels, int Stride)[] blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1)];
        var model = new OnnxModel().Input("image", Datatype.Fp32, "batch", 3, 224, 224).Output("scores", Datatype.Fp32, "batch", classes);
        var (value, channels) = (Convolution("image", "first", 3, 32, size: 3, stride: 2, groups: 1), 32);
        for (var i = 0; i < blocks.Length; i++)
        {
            value = Convolution(value, $"depthwise{i}", channels, channels, size: 3, blocks[i].Stride, groups: channels);
            value = Convolution(value, $"pointwise{i}", channels, blocks[i].Channels, size: 1, stride: 1, groups: 1);
            channels = blocks[i].Channels;
        }

        return model
            .Node("GlobalAveragePool", [value], ["average"])
            .Node("Flatten", ["average"], ["features"])
            .Initializer(OnnxTensor.Of("weights", Weights(channels * classes, channels), channels, classes))
            .Initializer(OnnxTensor.Of("bias", Weights(classes), classes))
            .Node("Gemm", ["features", "weights", "bias"], ["scores"])
            .ToBytes();

        string Convolution(string input, string name, int from, int to, int size, int stride, int groups)
        {
            var each = from / groups * size * size;
            model.Initializer(OnnxTensor.Of($"{name}.weights", Weights(to * each, each), to, from / groups, size, size)).Initializer(OnnxTensor.Of($"{name}.bias", new float[to], to));
            model.Node(new OnnxNode("Conv", [input, $"{name}.weights", $"{name}.bias"], [$"{name}.sums"])
                .Ints("kernel_shape", size, size)
                .Ints("pads", size / 2, size / 2, size / 2, size / 2)
                .Ints("strides", stride, stride)
                .Int("group", groups));
            model.Node("Relu", [$"{name}.sums"], [name]);
            return name;
        }
    }

    /// <summary>Rows are not independent: <c>y = x - mean of x over the batch</c>, FP32 [-1,features].</summary>
    public static byte[] SubtractBatchMean(int features = 4) => new OnnxModel()
        .Input("x", Datatype.Fp32, "batch", features)
        .Output("y", Datatype.Fp32, "batch", features)
        .Node(new OnnxNode("ReduceMean", ["x"], ["mean"]).Ints("axes", 0).Int("keepdims", 1))
        .Node("Sub", ["x", "mean"], ["y"])
        .ToBytes();

    /// <summary>Rows are not independent, but the first one never shows it: running totals down the batch, FP32 [-1,features].</summary>
    public static byte[] RunningTotal(int features = 4) => new OnnxModel()
        .Input("x", Datatype.Fp32, "batch", features)
        .Output("y", Datatype.Fp32, "batch", features)
        .Initializer(OnnxTensor.Of("axis", [0L]))
        .Node("CumSum", ["x", "axis"], ["y"])
        .ToBytes();

    /// <summary>A few hundred bytes that ask for <paramref name="elements"/> floats as soon as they run (or, being constant, as soon as they load).</summary>
    public static byte[] HugeAllocation(long elements = 100_000_000_000) => new OnnxModel()
        .Input("x", Datatype.Fp32, 1)
        .Output("y", Datatype.Fp32, 1)
        .Initializer(OnnxTensor.Of("shape", [elements], 1))
        .Node("ConstantOfShape", ["shape"], ["zeros"])
        .Node(new OnnxNode("ReduceMax", ["zeros"], ["largest"]).Int("keepdims", 1))
        .Node("Add", ["x", "largest"], ["y"])
        .ToBytes();

    /// <summary>A loop of as many turns as the largest of its input, INT64 [1] or of another length; <c>y</c> is their number, as INT64 of the same shape.</summary>
    public static byte[] Turns(int length = 1) => new OnnxModel()
        .Input("turns", Datatype.Int64, length)
        .Output("y", Datatype.Int64, length)
        .Initializer(OnnxTensor.Of("yes", [true]))
        .Initializer(OnnxTensor.Of("none", [0L]))
        .Initializer(OnnxTensor.Of("axis", [0L], 1))
        .Node(new OnnxNode("ReduceMax", ["turns"], ["trips"]).Int("keepdims", 0))
        .Node(new OnnxNode("Loop", ["trips", "yes", "none"], ["sum"]).Graph("body", Count()))
        .Node(new OnnxNode("Unsqueeze", ["sum", "axis"], ["y"]))
        .ToBytes();

    /// <summary>The body of a Loop that counts its turns: one value, INT64, which each turn adds one to.</summary>
    public static OnnxGraph Count() => new OnnxGraph("body")
        .Input("i", Datatype.Int64)
        .Input("going_on", Datatype.Bool)
        .Input("before", Datatype.Int64)
        .Output("still_going_on", Datatype.Bool)
        .Output("after", Datatype.Int64)
        .Initializer(OnnxTensor.Of("one", [1L]))
        .Node("Identity", ["going_on"], ["still_going_on"])
        .Node("Add", ["before", "one"], ["after"]);

    /// <summary>Runs for hours: a Loop that adds 1 to <c>x</c> FP32 [1] over and over. Loads at once.</summary>
    public static byte[] EndlessLoop(long trips = long.MaxValue)
    {
        var body = new OnnxGraph("body")
            .Input("i", Datatype.Int64)
            .Input("going_on", Datatype.Bool)
            .Input("before", Datatype.Fp32, 1)
            .Output("still_going_on", Datatype.Bool)
            .Output("after", Datatype.Fp32, 1)
            .Initializer(OnnxTensor.Of("one", [1f], 1))
            .Node("Identity", ["going_on"], ["still_going_on"])
            .Node("Add", ["before", "one"], ["after"]);
        return new OnnxModel()
            .Input("x", Datatype.Fp32, 1)
            .Output("y", Datatype.Fp32, 1)
            .Initializer(OnnxTensor.Of("trips", [trips]))
            .Initializer(OnnxTensor.Of("yes", [true]))
            .Node(new OnnxNode("Loop", ["trips", "yes", "x"], ["y"]).Graph("body", body))
            .ToBytes();
    }

    private static long[] Labels(int classes) => [.. Enumerable.Range(0, classes).Select(c => (long)c)];

    // He's initialisation, so that values neither vanish nor overflow from layer to layer.
    private static float[] Weights(int count, int inputs) => [.. Weights(count).Select(weight => weight * MathF.Sqrt(6f / inputs))];

    private static float[] Weights(int count) => [.. Enumerable.Range(0, count).Select(i => ((i * 7919L % 101) - 50) / 50f)];
}
