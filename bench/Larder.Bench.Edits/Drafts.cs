using Larder.Inference.Signatures;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Text;

namespace Larder.Bench.Edits;

/// <summary>Versions without a file.</summary>
internal static class Drafts
{
    public static NewVersion Of(ModelName model) => new(
        model,
        new ValidatedArtifact(
            TextHash.Of(model),
            1000,
            new ModelDescription { Signature = new ModelSignature([], []), IrVersion = 9, Opsets = new Dictionary<string, long>(), Producer = "bench" }),
        new PublishRequest { Source = "upload" });
}
