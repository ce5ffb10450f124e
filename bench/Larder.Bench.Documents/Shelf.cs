using Larder.Inference.Signatures;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Bench.Documents;

/// <summary>Many models' documents, written as publishing writes them, in parallel.</summary>
internal static class Shelf
{
    private const int Writers = 32;

    /// <summary>How many models have the tag that a search looks for: one in a thousand.</summary>
    public const int Rare = 1000;

    public static async Task FillAsync(IDocumentStore store, int models)
    {
        var now = DateTimeOffset.UtcNow;
        // The first write makes the container.
        await WriteAsync(0, CancellationToken.None);
        await Parallel.ForAsync(1, models, new ParallelOptions { MaxDegreeOfParallelism = Writers }, async (i, stop) => await WriteAsync(i, stop));

        Task WriteAsync(int i, CancellationToken stop)
        {
            var name = ModelName.Parse($"model-{i:D7}");
            var tags = new Dictionary<string, string> { ["team"] = $"team-{i % 40}", ["kind"] = i % Rare == 0 ? "rare" : "common" };
            var model = new ModelDocument
            {
                Name = name, Description = $"Model number {i} of a benchmark, with a sentence about it.", Tags = tags, Created = now, Updated = now,
            };
            for (var version = 1; version <= 3; version++)
            {
                model = model.Publish(new ModelVersion
                {
                    Model = name,
                    Version = version,
                    Status = ModelVersionStatus.Ready,
                    Sha256 = TextHash.Of($"{name}:{version}"),
                    SizeBytes = 1000,
                    Source = "upload",
                    Onnx = new ModelDescription
                    {
                        Signature = new ModelSignature([], []), IrVersion = 9, Opsets = new Dictionary<string, long>(), Producer = "bench",
                    },
                    Created = now,
                });
            }

            // The last record stays in the document until another follows.
            model = model with { Outbox = model.Outbox with { Records = [model.Outbox.Records[^1]] } };
            return store.CreateAsync(ModelCollections.Models, name, ModelCollections.ModelId, model, stop);
        }
    }
}
