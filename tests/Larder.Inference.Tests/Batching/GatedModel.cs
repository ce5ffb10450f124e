using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Inference.Tests.Batching;

/// <summary>
/// A model whose rows are independent but for time: a row whose <c>gate</c> is <see cref="Closed"/> keeps the run going until it is cancelled.
/// <c>looked_up</c> has an entry for gates 0 to 9 only; a gate of 10 to 1000 fails the run.
/// </summary>
internal static class GatedModel
{
    public const long Closed = 1L << 60;

    public static readonly byte[] Onnx = Build(new OnnxModel().Initializer(OnnxTensor.Of("factor", [1f])));

    /// <summary>The same with an optional input that <c>x</c> is multiplied by.</summary>
    public static readonly byte[] WithFactor = Build(new OnnxModel().Input("factor", Datatype.Fp32).Initializer(OnnxTensor.Of("factor", [1f])));

    public static string Values(long gate, string text, float x) => $$"""{"gate":[{{gate}}],"text":[["{{text}}"]],"x":[[{{x}},0.5]]}""";

    public static string[] Expected(long gate, string text, float x) => [$"[[\"{text}\"]]", $"[{gate * 11}]", $$"""[{"a":{{x}},"b":0.5}]"""];

    private static byte[] Build(OnnxModel model)
    {
        return model
            .Opset("ai.onnx.ml", 1)
            .Input("gate", Datatype.Int64, -1)
            .Input("text", Datatype.Bytes, -1, -1)
            .Input("x", Datatype.Fp32, -1, 2)
            .Output("text_out", Datatype.Bytes, -1, -1)
            .Output("looked_up", Datatype.Int64, -1)
            .Output("x_out", OnnxType.Sequence(OnnxType.Map(Datatype.Bytes, OnnxType.Tensor(Datatype.Fp32))))
            .Initializer(OnnxTensor.Of("yes", [true]))
            .Initializer(OnnxTensor.Of("none", [0L]))
            .Initializer(OnnxTensor.Of("table", [.. Enumerable.Range(0, 10).Select(i => i * 11L)], 10))
            .Node(new OnnxNode("ReduceMax", ["gate"], ["trips"]).Int("keepdims", 0))
            .Node(new OnnxNode("Loop", ["trips", "yes", "none"], ["turns"]).Graph("body", OnnxModel.Count()))
            // Nothing is looked up before the loop has ended.
            .Node("Sub", ["turns", "turns"], ["zero"])
            .Node("Add", ["gate", "zero"], ["index"])
            .Node("Gather", ["table", "index"], ["looked_up"], name: "look_up")
            .Node("Identity", ["text"], ["text_out"])
            .Node("Mul", ["x", "factor"], ["scaled"])
            .Node(new OnnxNode("ZipMap", ["scaled"], ["x_out"], "ai.onnx.ml").Strings("classlabels_strings", "a", "b"))
            .ToBytes();
    }
}
