using Larder.Inference;
using Larder.Registry;

namespace Larder.Orchestrations.Tests;

internal static class Models
{
    public static PreparedModel Prepared(string hash) => new(hash, 1, new ModelDescription
    {
        Signature = new ModelSignature([], []),
        IrVersion = 8,
        Opsets = new Dictionary<string, long>(),
    });
}
