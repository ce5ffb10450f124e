using Larder.Inference.Signatures;
using Larder.Registry.Models;

namespace Larder.Bench.Edits;

/// <summary>Versions without a file.</summary>
internal static class Drafts
{
    public static ModelVersion Of(string model) => new()
    {
        Model = model,
        Version = 0,
        Created = DateTimeOffset.UtcNow,
        Status = ModelVersionStatus.Ready,
        Sha256 = TextHash.Of(model),
        SizeBytes = 1000,
        Source = "upload",
        Onnx = new ModelDescription { Signature = new ModelSignature([], []), IrVersion = 9, Opsets = new Dictionary<string, long>(), Producer = "bench" },
    };
}
