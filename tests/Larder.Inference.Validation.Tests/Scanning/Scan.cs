using Larder.Inference.Signatures;
using Larder.Inference.Validation.Scanning;
using Larder.Testing.Onnx;

namespace Larder.Inference.Validation.Tests.Scanning;

/// <summary>What the scanner says of a file.</summary>
internal static class Scan
{
    public static OnnxScan Accepts(IProtoMessage model, ValidationLimits? limits = null) => Accepts(model.ToBytes(), limits);

    public static OnnxScan Accepts(byte[] file, ValidationLimits? limits = null) =>
        OnnxScanner.Scan(new MemoryStream(file), limits ?? new ValidationLimits(), CancellationToken.None);

    public static string Refuses(IProtoMessage model, ValidationLimits? limits = null) => Refuses(model.ToBytes(), limits);

    public static string Refuses(byte[] file, ValidationLimits? limits = null) =>
        Assert.Throws<InvalidModelException>(() => Accepts(file, limits)).Message;

    /// <summary>A model of one Identity node, to which the test adds something.</summary>
    public static OnnxModel Model(long? irVersion = 8, long? opset = 17) => new OnnxModel(irVersion, opset)
        .Input("x", Datatype.Fp32, -1, 4)
        .Output("y", Datatype.Fp32, -1, 4)
        .Node("Identity", ["x"], ["y"]);
}
