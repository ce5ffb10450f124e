using Larder.Inference.Signatures;
using Larder.Testing.Onnx;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Larder.Inference.Validation.Tests.Scanning;

/// <summary>Valid models, and what becomes of them when bytes are flipped, moved, lost and added. The same for the same seed.</summary>
internal static class Mutations
{
    /// <summary>Models that have, between them, all kinds of messages.</summary>
    public static byte[][] Models { get; } =
    [
        OnnxModel.Linear(),
        OnnxModel.ZipMap(),
        OnnxModel.RunningTotal(),
        OnnxModel.EndlessLoop(trips: 3),
        OnnxModel.Identity(Datatype.Bytes, "batch", 2),
        Scan.Model()
            .Producer("p", "1").Documentation("d").Metadata("k", "v")
            .Opset("my.own", 1)
            .Function(new OnnxFunction("my.own", "Twice", ["a"], ["b"]).Node(new OnnxNode("Add", ["a", "a"], ["b"])))
            .Node("Twice", ["x"], ["z"], "my.own")
            .Node(new OnnxNode("Op", ["z"], ["w"]).Tensor("t", OnnxTensor.Of("", ["a", "b"], 2)).Ints("i", 1, 2).Floats("f", 1).Strings("s", "t"))
            .Initializer(OnnxTensor.Declare("packed", TensorElementType.Int64, 2).Bytes(7, [0x80, 1, 7]))
            .SparseInitializer(OnnxTensor.Of("sparse", [1f], 1).Sparse(OnnxTensor.Of("i", [3L], 1), 9))
            .Training(new OnnxGraph().Initializer(OnnxTensor.Of("w", [1f], 1)))
            .Output("s", OnnxType.Sequence(OnnxType.Map(Datatype.Int64, OnnxType.Tensor(Datatype.Fp32))))
            .ToBytes(),
    ];

    /// <summary>The mutant of a seed.</summary>
    public static byte[] Mutant(int seed)
    {
        var random = new Random(seed);
        var bytes = Models[random.Next(Models.Length)].ToList();
        for (var changes = random.Next(1, 6); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 16), bytes.Count - at);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = new byte[] { 0, 1, 0x7F, 0x80, 0xFF }[random.Next(5)];
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                case 4:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 5:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    bytes.InsertRange(at, Enumerable.Repeat((byte)0xFF, length));
                    break;
            }
        }

        return [.. bytes];
    }
}
