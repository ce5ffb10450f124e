using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;

namespace Larder.Registry.Backup;

/// <summary>A model as it was at one moment, in the form in which archives have it.</summary>
/// <param name="Model">Its document. Nothing of it is under way.</param>
/// <param name="Versions">By number: all that were given since the model was last deleted, those that were deleted since without content.</param>
internal sealed record ModelSnapshot(ModelDocument Model, IReadOnlyList<KeyValuePair<int, VersionDocument>> Versions)
{
    /// <summary>The versions that exist.</summary>
    public IEnumerable<ModelVersion> Existing => Versions.Select(version => version.Value.Version).OfType<ModelVersion>();

    /// <summary>SHA-256 of everything that its versions name.</summary>
    public IEnumerable<string> Artifacts => Existing.SelectMany(version => version.Artifacts).Distinct();

    /// <summary>The same where more numbers were given, and taken back, than it knows of.</summary>
    public ModelSnapshot WithNumbersUpTo(int last)
    {
        if (last <= Model.LastVersion || Model.Deleted)
            return this;
        var since = Enumerable.Range(Model.LastVersion + 1, last - Model.LastVersion);
        var deleted = new VersionDocument { Deleted = Model.Updated };
        return new ModelSnapshot(Model with { LastVersion = last }, [.. Versions, .. since.Select(number => KeyValuePair.Create(number, deleted))]);
    }

    /// <summary>
    /// Whether another has the same content. What validation learned about a file is not compared: another build of this code may learn more about the same bytes.
    /// </summary>
    public bool Equals(ModelSnapshot? other) => other is not null && Content().AsSpan().SequenceEqual(other.Content());

    public override int GetHashCode() => Model.Name.GetHashCode();

    private byte[] Content() => BackupJson.Write(new
    {
        Model,
        Versions = Versions.Select(version => new { version.Key, Document = WithoutDescription(version.Value) }),
    });

    private static VersionDocument WithoutDescription(VersionDocument document) => document.Version is { } version
        ? document with { Version = version with { Onnx = null! } }
        : document;
}

/// <summary>Reads models as they were at one moment, while others change them.</summary>
/// <remarks>
/// Versions never change what they are. So when a model's document was read first, the versions that it shows are those of that moment,
/// unless one was deleted in between; and what had been deleted before that moment is known from having looked before it.
/// </remarks>
internal sealed class ModelSnapshots(IDocumentStore documents)
{
    private const int PageSize = 500;

    /// <summary>The model of a document.</summary>
    /// <param name="model">As it was read a moment ago.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>It, or what it has become since.</returns>
    /// <exception cref="ConflictException">Versions of it are deleted again and again.</exception>
    public async Task<ModelSnapshot> ReadAsync(ModelDocument model, CancellationToken cancellationToken)
    {
        var backoff = new Backoff($"the model {model.Name}");
        model = Lasting(model);
        var known = new HashSet<int>();
        var tries = 0;
        while (true)
        {
            var versions = model.LastVersion > model.DeletedThrough ? await VersionsAsync(model.Name, cancellationToken) : [];
            var gone = Numbers(model).Where(number => versions.GetValueOrDefault(number)?.Version is null).ToList();
            if (gone.All(number => known.Contains(number) || !model.IsVisible(number)))
                return Settled(model, versions);

            known.UnionWith(gone);
            known.UnionWith(Numbers(model).Where(number => !model.IsVisible(number)));
            if (++tries > 1)
                await backoff.NextAsync(cancellationToken);
            model = Lasting((await documents.GetAsync(ModelCollections.Models, model.Name, ModelCollections.ModelId, cancellationToken))!.Value);
        }
    }

    /// <summary>What is deleted is not taken along: elsewhere it cannot be restored.</summary>
    private static ModelDocument Lasting(ModelDocument model) => model.Deleted ? model.Purge() : model;

    private static IEnumerable<int> Numbers(ModelDocument model) =>
        Enumerable.Range(model.DeletedThrough + 1, model.LastVersion - model.DeletedThrough);

    /// <summary>As it will be when nothing is under way any more.</summary>
    private static ModelSnapshot Settled(ModelDocument model, Dictionary<int, VersionDocument> versions) => new(
        model with { Deleting = [], DeletedVersions = new Dictionary<int, Deletion>(), Skipped = [], Importing = null, Outbox = new AuditOutbox() },
        [
            .. Numbers(model).Select(number => KeyValuePair.Create(number, versions.GetValueOrDefault(number) switch
            {
                { Version: { } version } there when model.IsVisible(number) => there with
                {
                    Version = version with { Metrics = version.Metrics.ToDictionary(metric => metric.Key, metric => CanonicalJson.Of(metric.Value)) },
                },
                var gone => new VersionDocument { Deleted = gone?.Deleted ?? model.Updated, PublicationKey = gone?.PublicationKey },
            })),
        ]);

    private async Task<Dictionary<int, VersionDocument>> VersionsAsync(ModelName name, CancellationToken cancellationToken)
    {
        var versions = new Dictionary<int, VersionDocument>();
        await foreach (var document in documents.ListAllAsync(ModelCollections.Versions, name, PageSize, cancellationToken))
            versions[ModelCollections.VersionNumber(document.Id)] = document.Value;
        return versions;
    }
}
