using Larder.Inference.Signatures;
using Larder.Registry.Publishing;

namespace Larder.Orchestrations.Tests.Training;

internal static class Models
{
    public static ValidatedArtifact Prepared(string hash) => new(hash, 1, new ModelDescription
    {
        Signature = new ModelSignature([], []),
        IrVersion = 8,
        Opsets = new Dictionary<string, long>(),
    });
}
