using Larder.Inference;
using Larder.Registry.Audit;
using Larder.Registry.Catalog;
using Larder.Registry.Errors;
using Larder.Registry.Publishing;
using Larder.Registry.Samples;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Models;

/// <summary>
/// Models, their versions and aliases: everything but publishing (<see cref="ModelPublisher"/>) and what a prediction needs on every request
/// (<see cref="ModelCatalog"/>).
/// </summary>
/// <remarks>
/// Every change is one compare-and-swap. With <c>ifMatch</c>, the <see cref="Model.ETag"/> that the caller read, it throws
/// <see cref="PreconditionFailedException"/> when the model has changed since; without it, or with <c>*</c>, a lost race is repeated. <c>actor</c> is who
/// asks, for the audit log. Aliases are validated before any I/O (<see cref="InvalidRequestException"/>). All methods throw
/// <see cref="StorageUnavailableException"/> during an outage.
/// </remarks>
public sealed class ModelRegistry
{
    /// <summary>The most items that one page of a list has.</summary>
    public const int MaxPage = 1000;

    private readonly ModelStore _models;
    private readonly VersionPublisher _publisher;
    private readonly TimeProvider _time;
    private readonly SampleGate? _samples;

    /// <summary>A registry on a document store.</summary>
    /// <param name="documents">The store.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The audit log.</param>
    /// <param name="warm">Loads versions before the default or an alias points at them; null loads none.</param>
    /// <param name="samples">Compares versions with their samples before that; null compares nothing.</param>
    public ModelRegistry(IDocumentStore documents, TimeProvider time, AuditLog log, WarmModels? warm = null, SampleGate? samples = null)
    {
        _models = new ModelStore(documents, log, name => Changed?.Invoke(name), warm);
        _publisher = new VersionPublisher(_models, time);
        (_time, _samples) = (time, samples);
    }

    /// <summary>
    /// Raised with a model's name whenever this process wrote, or tried to write, a document of the model. Handlers must be quick and must not throw.
    /// </summary>
    public event Action<ModelName>? Changed;

    internal ModelStore Store => _models;

    internal VersionPublisher Versions => _publisher;

    internal IDocumentStore Documents => _models.Documents;

    /// <summary>Reads a document, for the readiness probe: returns when the store answers.</summary>
    public Task PingAsync(CancellationToken cancellationToken = default) => _models.FindAsync(ModelName.Parse("ping"), cancellationToken);

    /// <summary>The models, by name.</summary>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before; null for the first.</param>
    /// <param name="deleted">Whether to list those that are deleted and can be restored, instead of those that exist.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<Page<Model>> ListAsync(int limit, string? cursor = null, bool deleted = false, CancellationToken cancellationToken = default) =>
        PageAsync(
            limit,
            cursor,
            (most, from) => Documents.ScanAsync(ModelCollections.Models, most, from, cancellationToken),
            found => (deleted ? found.Value.Deletion is not null : !found.Value.Deleted) ? found.Value.View(found.ETag) : null);

    /// <summary>A model.</summary>
    /// <exception cref="NotFoundException">There is none of that name.</exception>
    public async Task<Model> GetAsync(ModelName name, CancellationToken cancellationToken = default)
    {
        var found = await _models.GetAsync(name, cancellationToken);
        return found.Value.View(found.ETag);
    }

    /// <summary>The versions of a model, the oldest first.</summary>
    /// <param name="name">The model.</param>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before; null for the first.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<Page<ModelVersion>> ListVersionsAsync(
        ModelName name, int limit, string? cursor = null, CancellationToken cancellationToken = default)
    {
        var model = (await _models.GetAsync(name, cancellationToken)).Value;
        return await PageAsync(
            limit,
            cursor,
            (most, from) => Documents.ListAsync(ModelCollections.Versions, name, most, from, cancellationToken),
            found => model.IsVisible(ModelCollections.VersionNumber(found.Id)) ? found.Value.Version : null);
    }

    /// <summary>A version.</summary>
    /// <exception cref="NotFoundException">There is no such model, or no such version of it.</exception>
    public async Task<ModelVersion> GetVersionAsync(ModelName name, int version, CancellationToken cancellationToken = default) =>
        (await ResolveAsync(new ModelReference(name, version), cancellationToken)).Version;

    /// <summary>The newest version of a model, optimised ones aside; null when there is none.</summary>
    /// <param name="name">The model.</param>
    /// <param name="except">Versions that do not count.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    public async Task<ModelVersion?> NewestAsync(ModelName name, IReadOnlyCollection<int> except, CancellationToken cancellationToken = default)
    {
        return await NewestAsync((await _models.GetAsync(name, cancellationToken)).Value, except, cancellationToken);
    }

    /// <summary>What a reference stands for now.</summary>
    /// <exception cref="NotFoundException">There is no such model, version or alias, or no version that is ready.</exception>
    public async Task<ResolvedModel> ResolveAsync(ModelReference reference, CancellationToken cancellationToken = default)
    {
        Document<ModelDocument>? before = null;
        while (true)
        {
            var model = await _models.GetAsync(reference.Name, cancellationToken);
            var number = await NumberAsync(model.Value, reference, cancellationToken);
            if (await _models.FindVersionAsync(model.Value, number, cancellationToken) is { } version)
                return Resolved(model, version);

            // An alias or the default can lose its version between the two reads; the model then reads differently.
            if (reference.Version is not null || before?.ETag == model.ETag)
                throw NoVersion(reference.Name, number);
            before = model;
        }
    }

    /// <summary>Creates a model that has no version yet; <see cref="ModelPublisher"/> needs none to be there. It takes the name of a deleted model, which then cannot be restored.</summary>
    /// <param name="name">The model.</param>
    /// <param name="patch">Description, owner and tags.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The model.</returns>
    /// <exception cref="InvalidRequestException">A text is too long.</exception>
    /// <exception cref="ConflictException">There is a model of that name.</exception>
    public async Task<Model> CreateAsync(ModelName name, ModelPatch patch, string? actor = null, CancellationToken cancellationToken = default)
    {
        patch.Validate();
        var made = await _models.UpdateOrCreateAsync(
            name, read => ModelDocument.Create(read, name, patch, _time.GetUtcNow(), actor) ?? throw new ConflictException($"There is a model {name} already."), cancellationToken);
        return made!.Value.View(made.ETag);
    }

    /// <summary>Changes description, owner, tags or settings of a model. Nothing is written if nothing differs.</summary>
    /// <returns>The model after it.</returns>
    /// <exception cref="InvalidRequestException">A text is too long, or a setting is out of range or cannot work with the version that unversioned requests get.</exception>
    public async Task<Model> UpdateAsync(
        ModelName name, ModelPatch patch, string? ifMatch = null, string? actor = null, CancellationToken cancellationToken = default)
    {
        patch.Validate();
        var (_, after) = await _models.UpdateAsync(name, ifMatch, PatchAsync, cancellationToken);
        return after.Value.View(after.ETag);

        async Task<ModelDocument> PatchAsync(ModelDocument model)
        {
            if (patch.HasSettings && model.ServedVersion is { } served && await _models.FindVersionAsync(model, served, cancellationToken) is { } version)
                patch.CheckFits(version.Onnx);
            return model.Patch(patch, _time.GetUtcNow(), actor);
        }
    }

    /// <summary>
    /// Changes description, source, tags, labels or features of a version. The record of the change is written first, in the model's document, so that no change is without one.
    /// </summary>
    /// <returns>The model and the version after it.</returns>
    /// <exception cref="InvalidRequestException">A value is not allowed, or does not fit the version's model.</exception>
    /// <exception cref="NotFoundException">There is no such version.</exception>
    public async Task<ResolvedModel> UpdateVersionAsync(
        ModelName name, int version, VersionPatch patch, string? ifMatch = null, string? actor = null, CancellationToken cancellationToken = default)
    {
        patch.Validate();
        var (_, model) = await _models.UpdateAsync(name, ifMatch, LogAsync, cancellationToken);
        try
        {
            if (!await _models.UpdateVersionAsync(model.Value, version, Apply, CancellationToken.None))
                throw NoVersion(name, version);
        }
        finally
        {
            // Also after an error: the write may have been done all the same.
            Changed?.Invoke(name);
        }

        return await ResolveAsync(new ModelReference(name, version), cancellationToken);

        ModelVersion Apply(ModelVersion read) => patch.Apply(read) is var next && next == read ? read : next with { Updated = _time.GetUtcNow() };

        async Task<ModelDocument> LogAsync(ModelDocument read)
        {
            var before = await _models.FindVersionAsync(read, version, cancellationToken) ?? throw NoVersion(name, version);
            return read.UpdateVersion(before, patch.Apply(before), _time.GetUtcNow(), actor);
        }
    }

    /// <summary>
    /// Compares a version with its samples, for a server whose ONNX Runtime is another one than that of the last comparison, and stores the outcome; a difference is recorded in the audit log first.
    /// </summary>
    /// <returns>The outcome; null when there is nothing to compare: no such version, no samples, or this ONNX Runtime has compared them already.</returns>
    public async Task<SampleCheck?> CheckSamplesAsync(ModelName name, int version, string actor, CancellationToken cancellationToken = default)
    {
        if (_samples is null || await _models.FindAsync(name, cancellationToken) is not { Value: { Deleted: false } model })
            return null;
        if (await _models.FindVersionAsync(model, version, cancellationToken) is not { } found || found.SampleCheck?.OnnxRuntime == _samples.OnnxRuntime)
            return null;
        if (await CheckSamplesAsync(model, found, actor, cancellationToken) is not { } check)
            return null;
        if (check.Difference is not null)
            await _models.UpdateAsync(name, null, read => Task.FromResult(read.LogSampleCheck(version, check, actor)), cancellationToken);
        await StoreAsync(name, version, check);
        return check;
    }

    /// <summary>
    /// Links a version and the optimised one that ONNX Runtime made of it, in both directions. Idempotent.
    /// </summary>
    /// <param name="name">The model.</param>
    /// <param name="from">The version as it was made.</param>
    /// <param name="to">The optimised one.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such model, or no such version.</exception>
    public async Task LinkOptimizedAsync(ModelName name, int from, int to, CancellationToken cancellationToken = default)
    {
        if (from == to)
            throw new ArgumentException("A version cannot be made from itself.", nameof(to));
        try
        {
            await LinkAsync(to, version => version with { Kind = ModelVersion.OptimizedKind, OptimizedFrom = from });
            await LinkAsync(from, version => version with { OptimizedTo = to });
        }
        finally
        {
            // Also after an error: the write may have been done all the same.
            Changed?.Invoke(name);
        }

        async Task LinkAsync(int number, Func<ModelVersion, ModelVersion> link)
        {
            var model = await _models.GetAsync(name, cancellationToken);
            if (!await _models.UpdateVersionAsync(model.Value, number, link, cancellationToken))
                throw NoVersion(name, number);
        }
    }

    /// <summary>The version that was published under an idempotency key; null when there is none (yet).</summary>
    /// <param name="name">The model.</param>
    /// <param name="idempotencyKey"><see cref="PublishRequest.IdempotencyKey"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <param name="fingerprint"><see cref="PublishRequest.Fingerprint"/>.</param>
    /// <exception cref="ConflictException">The version was deleted.</exception>
    /// <exception cref="InvalidRequestException">The key was used with another fingerprint.</exception>
    public async Task<ResolvedModel?> FindByKeyAsync(ModelName name, string idempotencyKey, string? fingerprint = null, CancellationToken cancellationToken = default) =>
        await _publisher.FindByKeyAsync(name, TextHash.Of(idempotencyKey), fingerprint, cancellationToken) is var (model, version) ? Resolved(model, version) : null;

    /// <summary>Publishes a version whose artifact is stored, and patches the model in the same write.</summary>
    internal async Task<ResolvedModel> PublishAsync(NewVersion newVersion, CancellationToken cancellationToken)
    {
        var (model, version) = await _publisher.PublishAsync(newVersion, cancellationToken);
        return Resolved(model, version);
    }

    /// <summary>Makes an alias point at a version; <c>default</c> is <see cref="SetDefaultAsync"/>.</summary>
    /// <param name="name">The model.</param>
    /// <param name="alias">The alias, new or not.</param>
    /// <param name="version">A READY version.</param>
    /// <param name="ifMatch">The model's ETag.</param>
    /// <param name="expectedCurrent">The version that the alias must point at now; 0 when there must be no such alias; null for any.</param>
    /// <param name="force">Also when the version does not give the outputs of its samples.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such version.</exception>
    /// <exception cref="InvalidRequestException">The version does not give the outputs of its samples.</exception>
    /// <exception cref="PreconditionFailedException">The alias points at another version than expected, or the model has changed.</exception>
    public async Task<AliasChange> SetAliasAsync(
        ModelName name,
        string alias,
        int version,
        string? ifMatch = null,
        int? expectedCurrent = null,
        bool force = false,
        string? actor = null,
        CancellationToken cancellationToken = default)
    {
        ModelName.ValidateAlias(alias);
        if (alias == ModelName.Default)
            return await SetDefaultAsync(name, version, ifMatch, expectedCurrent, force, actor, cancellationToken);

        SampleCheck? check = null;
        var (before, after) = await _models.UpdateAsync(name, ifMatch, Move, cancellationToken);
        await StoreAsync(name, version, check);
        return new AliasChange(after.Value.View(after.ETag), alias, before.Target(alias), version);

        async Task<ModelDocument> Move(ModelDocument model)
        {
            Expect(alias, model.Target(alias), expectedCurrent);
            var found = await RequireReadyAsync(model, version, cancellationToken);
            if (model.Target(alias) != version)
                check ??= await RequireSamplesAsync(model, found, force, actor, cancellationToken);
            return model.SetAlias(alias, version, _time.GetUtcNow(), actor);
        }
    }

    /// <summary>Gives a version one alias of a group, of which a version has one at most, in one change.</summary>
    /// <param name="name">The model.</param>
    /// <param name="group">The aliases of the group.</param>
    /// <param name="alias">The alias of the group that the version gets; null for none.</param>
    /// <param name="displaced">The alias of the group that the version gets which had the alias until now; null for none.</param>
    /// <param name="version">A READY version.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The model after it.</returns>
    /// <exception cref="NotFoundException">There is no such version.</exception>
    /// <exception cref="InvalidRequestException">The version does not give the outputs of its samples.</exception>
    public async Task<Model> SetGroupedAliasAsync(
        ModelName name, IReadOnlyList<string> group, string? alias, string? displaced, int version, string? actor = null, CancellationToken cancellationToken = default)
    {
        SampleCheck? check = null;
        var (_, after) = await _models.UpdateAsync(name, null, Move, cancellationToken);
        await StoreAsync(name, version, check);
        return after.Value.View(after.ETag);

        async Task<ModelDocument> Move(ModelDocument model)
        {
            var found = await RequireReadyAsync(model, version, cancellationToken);
            if (alias is not null && model.Target(alias) != version)
                check ??= await RequireSamplesAsync(model, found, force: false, actor, cancellationToken);
            return model.SetGroupedAlias(group, alias, displaced, version, _time.GetUtcNow(), actor);
        }
    }

    /// <summary>Deletes an alias; for <c>default</c>, makes the default follow the newest READY version again.</summary>
    /// <exception cref="NotFoundException">There is no such alias.</exception>
    public async Task<AliasChange> DeleteAliasAsync(
        ModelName name, string alias, string? ifMatch = null, string? actor = null, CancellationToken cancellationToken = default)
    {
        ModelName.ValidateAlias(alias);
        if (alias == ModelName.Default)
            return await SetDefaultAsync(name, version: null, ifMatch, expectedCurrent: null, force: false, actor, cancellationToken);

        var (before, after) = await _models.UpdateAsync(name, ifMatch, model => Task.FromResult(Delete(model)), cancellationToken);
        return new AliasChange(after.Value.View(after.ETag), alias, before.Target(alias), null);

        ModelDocument Delete(ModelDocument model) =>
            model.Target(alias) is null ? throw NoAlias(name, alias) : model.DeleteAlias(alias, _time.GetUtcNow(), actor);
    }

    /// <summary>Sets the version that an unversioned request gets.</summary>
    /// <param name="name">The model.</param>
    /// <param name="version">A READY version; null to follow the newest READY one from now on.</param>
    /// <param name="ifMatch">The model's ETag.</param>
    /// <param name="expectedCurrent">The version that an unversioned request must get now; 0 for none; null for any.</param>
    /// <param name="force">Also when the version does not give the outputs of its samples.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such version.</exception>
    /// <exception cref="InvalidRequestException">The version does not give the outputs of its samples.</exception>
    /// <exception cref="PreconditionFailedException">The default is another version than expected, or the model has changed.</exception>
    public async Task<AliasChange> SetDefaultAsync(
        ModelName name,
        int? version,
        string? ifMatch = null,
        int? expectedCurrent = null,
        bool force = false,
        string? actor = null,
        CancellationToken cancellationToken = default)
    {
        (int Version, SampleCheck? Outcome) check = default;
        var (before, after) = await _models.UpdateAsync(name, ifMatch, Set, cancellationToken);
        await StoreAsync(name, check.Version, check.Outcome);
        return new AliasChange(after.Value.View(after.ETag), ModelName.Default, before.ServedVersion, after.Value.ServedVersion);

        async Task<ModelDocument> Set(ModelDocument model)
        {
            Expect(ModelName.Default, model.ServedVersion, expectedCurrent);
            var number = version ?? model.LatestVersion;
            var found = number is null ? null : await RequireReadyAsync(model, number.Value, cancellationToken);
            if (found is { IsServable: false })
                throw new ConflictException(found.NotServable);
            if (found is not null && found.Version != model.ServedVersion && found.Version != check.Version)
                check = (found.Version, await RequireSamplesAsync(model, found, force, actor, cancellationToken));
            return model.SetDefault(version, _time.GetUtcNow(), actor);
        }
    }

    /// <summary>
    /// Deletes a version, so that it can be restored (<see cref="RestoreVersionAsync"/>). Its number is never given again. If it was the default, the default follows
    /// the newest READY version from now on, and the answer and the audit list say so.
    /// </summary>
    /// <param name="name">The model.</param>
    /// <param name="version">The version; null for what the default is when it is deleted, which is not kept by being the default.</param>
    /// <param name="force">Removes the aliases that point at it too.</param>
    /// <param name="purge">Deletes it for good; also one that is deleted already.</param>
    /// <param name="ifMatch">The model's ETag.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such version.</exception>
    /// <exception cref="ConflictException">An alias points at it, or it is set as the default.</exception>
    public async Task<VersionDeletion> DeleteVersionAsync(
        ModelName name, int? version, bool force = false, bool purge = false, string? ifMatch = null, string? actor = null, CancellationToken cancellationToken = default)
    {
        var number = 0;
        var (before, after) = await _models.UpdateAsync(name, ifMatch, Delete, cancellationToken);

        var left = purge ? await FinishAsync(after) : after;
        return new VersionDeletion(
            left.Value.View(left.ETag), number, before.AliasesOf(number), before.ServedVersion, after.Value.ServedVersion);

        async Task<ModelDocument> Delete(ModelDocument model)
        {
            number = version ?? Number(model, new ModelReference(name));
            if (purge && model.DeletedVersions.ContainsKey(number))
                return model.PurgeVersion(number, _time.GetUtcNow(), actor);
            var deleted = await _models.FindVersionAsync(model, number, cancellationToken) ?? throw NoVersion(name, number);
            var pointing = version is not null && model.DefaultVersion == number ? model.AliasesOf(number).Append(ModelName.Default) : model.AliasesOf(number);
            if (!force && pointing.Any())
            {
                throw new ConflictException(
                    $"Version {number} of {name} is what {string.Join(", ", pointing)} points at: move the alias first, or force the deletion.");
            }

            var newest = model.LatestVersion == number ? await _models.NewestBelowAsync(model, number, cancellationToken) : null;
            return model.Delete(deleted, newest, purge, _time.GetUtcNow(), actor);
        }

        async Task<Document<ModelDocument>> FinishAsync(Document<ModelDocument> deleted)
        {
            try
            {
                return await _models.FinishDeletionAsync(name, number, _time.GetUtcNow(), cancellationToken) ?? deleted;
            }
            catch (Exception e) when (e is StorageUnavailableException or ConflictException)
            {
                // The version is deleted already; the garbage collector empties its document.
                return deleted;
            }
        }
    }

    /// <summary>Restores a version that was deleted. Aliases that pointed at it stay where they are; the default follows it if it is the newest and no default is set.</summary>
    /// <returns>The model after it.</returns>
    /// <exception cref="NotFoundException">There is no such model, or it has no deleted version of that number (any more).</exception>
    /// <exception cref="ConflictException">The version is not deleted.</exception>
    public async Task<Model> RestoreVersionAsync(
        ModelName name, int version, string? ifMatch = null, string? actor = null, CancellationToken cancellationToken = default)
    {
        var (_, after) = await _models.UpdateAsync(name, ifMatch, Restore, cancellationToken);
        return after.Value.View(after.ETag);

        async Task<ModelDocument> Restore(ModelDocument model)
        {
            if (model.DeletedVersions.ContainsKey(version) && (await _models.FindDocumentAsync(name, version, cancellationToken))?.Value.Version is { } deleted)
                return model.Restore(deleted, _time.GetUtcNow(), actor);
            throw await _models.FindVersionAsync(model, version, cancellationToken) is null
                ? new NotFoundException($"The model {name} has no deleted version {version} that could be restored.")
                : new ConflictException($"Version {version} of {name} is not deleted.");
        }
    }

    /// <summary>
    /// Deletes a model with all its versions, so that it can be restored (<see cref="RestoreModelAsync"/>) until it is published anew. Its numbers are never given again.
    /// </summary>
    /// <param name="name">The model.</param>
    /// <param name="force">Also when it has aliases.</param>
    /// <param name="purge">Deletes it for good; also one that is deleted already.</param>
    /// <param name="ifMatch">The model's ETag.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NotFoundException">There is no such model.</exception>
    /// <exception cref="ConflictException">It has aliases.</exception>
    public async Task DeleteModelAsync(
        ModelName name, bool force = false, bool purge = false, string? ifMatch = null, string? actor = null, CancellationToken cancellationToken = default)
    {
        if (purge && await _models.UpdateOrCreateAsync(name, PurgeDeleted, cancellationToken) is not null)
            return;
        await _models.UpdateAsync(name, ifMatch, model => Task.FromResult(Delete(model)), cancellationToken);

        ModelDocument? PurgeDeleted(ModelDocument? model) => model?.Deletion is null ? null : model.PurgeAll(_time.GetUtcNow(), actor);

        ModelDocument Delete(ModelDocument model)
        {
            if (!force && model.Aliases.Count > 0)
            {
                throw new ConflictException(
                    $"The model {name} has aliases ({string.Join(", ", model.Aliases.Keys)}): delete them first, or force the deletion.");
            }

            return model.DeleteAll(purge, _time.GetUtcNow(), actor);
        }
    }

    /// <summary>Restores a model that was deleted, with its versions, aliases and everything else.</summary>
    /// <returns>The model after it.</returns>
    /// <exception cref="NotFoundException">There is no deleted model of that name (any more).</exception>
    /// <exception cref="ConflictException">There is a model of that name: it was never deleted, or published anew since.</exception>
    public async Task<Model> RestoreModelAsync(ModelName name, string? actor = null, CancellationToken cancellationToken = default)
    {
        var after = await _models.UpdateOrCreateAsync(name, Restore, cancellationToken);
        return after!.Value.View(after.ETag);

        ModelDocument Restore(ModelDocument? model) => model switch
        {
            { Deletion: not null } => model.RestoreAll(_time.GetUtcNow(), actor),
            { Deleted: false } => throw new ConflictException($"There is a model {name}: it is not deleted, or was uploaded anew since it was deleted, and the deleted one is gone."),
            _ => throw new NotFoundException($"There is no deleted model {name} that could be restored."),
        };
    }

    /// <summary>Writes the audit records that a crash may have left in a model's document to the log.</summary>
    internal async Task CompleteAuditAsync(ModelName name, CancellationToken cancellationToken)
    {
        if (await _models.FindAsync(name, cancellationToken) is { } model)
            await _models.CompleteAuditAsync(model.Value);
    }

    private static ResolvedModel Resolved(Document<ModelDocument> model, ModelVersion version) => new(model.Value.View(model.ETag), version);

    private static void Expect(string alias, int? current, int? expected)
    {
        if (expected is { } version && version != (current ?? 0))
        {
            var target = current is { } number ? $"version {number}" : "nothing";
            throw new PreconditionFailedException($"The alias {alias} points at {target}, which is not what was expected.");
        }
    }

    // What the version answers to its samples; null without samples. It is refused unless it is as expected; forced, it is only told.
    private async Task<SampleCheck?> RequireSamplesAsync(ModelDocument model, ModelVersion version, bool force, string? actor, CancellationToken cancellationToken)
    {
        SampleCheck? check;
        try
        {
            check = await CheckSamplesAsync(model, version, actor, cancellationToken);
        }
        catch (LarderException) when (force)
        {
            // Too many models wait for the sandbox: a forced move does not wait for what could not stop it.
            return null;
        }

        return check?.Difference is null || force
            ? check
            : throw new InvalidRequestException($"Version {version.Version} of {model.Name} does not give the outputs of its samples. {check.Difference} Correct the samples or their tolerance, or force the move.");
    }

    private async Task<SampleCheck?> CheckSamplesAsync(ModelDocument model, ModelVersion version, string? actor, CancellationToken cancellationToken) =>
        _samples is null || !VersionFile.HaveSamples(version.Files)
            ? null
            : await _samples.CheckAsync(
                ResolvedModel.ServableOf(model.Name, model.Settings, version),
                version.Features,
                await _samples.Store.ReadAsync(version.Files, cancellationToken),
                version.SampleTolerance,
                actor ?? "",
                cancellationToken);

    private async Task StoreAsync(ModelName name, int version, SampleCheck? check)
    {
        if (check is null || await _models.FindAsync(name, CancellationToken.None) is not { } model)
            return;
        await _models.UpdateVersionAsync(model.Value, version, found => found with { SampleCheck = check }, CancellationToken.None);
        Changed?.Invoke(name);
    }

    private async Task<ModelVersion?> NewestAsync(ModelDocument model, IReadOnlyCollection<int> except, CancellationToken cancellationToken)
    {
        for (var number = model.LastVersion; number > model.DeletedThrough; number--)
        {
            if (!except.Contains(number) && await _models.FindVersionAsync(model, number, cancellationToken) is { Kind: not ModelVersion.OptimizedKind } version)
                return version;
        }

        return null;
    }

    private async Task<ModelVersion> RequireReadyAsync(ModelDocument model, int version, CancellationToken cancellationToken)
    {
        var found = await _models.FindVersionAsync(model, version, cancellationToken) ?? throw NoVersion(model.Name, version);
        if (found.Status != ModelVersionStatus.Ready)
            throw new ConflictException($"Version {version} of {model.Name} is not ready to be served.");
        return found;
    }

    // What a model has that has no default says more than that it has none.
    private async Task<int> NumberAsync(ModelDocument model, ModelReference reference, CancellationToken cancellationToken) =>
        reference is { Version: null, Alias: null } && model.ServedVersion is null && await NewestAsync(model, [], cancellationToken) is { IsServable: false } newest
            ? throw new NotFoundException(newest.NotServable)
            : Number(model, reference);

    private static int Number(ModelDocument model, ModelReference reference)
    {
        if (reference.Version is { } version)
            return version;
        if (reference.Alias is { } alias && alias != ModelName.Default)
            return model.Target(alias) ?? throw NoAlias(model.Name, alias);
        return model.ServedVersion ?? throw new NotFoundException($"The model {model.Name} has no version that is ready.");
    }

    private static NotFoundException NoVersion(ModelName name, int version) => new($"The model {name} has no version {version}.");

    private static NotFoundException NoAlias(ModelName name, string alias) => new($"The model {name} has no alias {alias}.");

    private static async Task<Page<TItem>> PageAsync<TDocument, TItem>(
        int limit,
        string? cursor,
        Func<int, string?, Task<DocumentPage<TDocument>>> read,
        Func<Document<TDocument>, TItem?> item)
        where TItem : class
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidRequestException($"The limit must be 1 to {MaxPage}; it is {limit}.");
        var items = new List<TItem>();
        do
        {
            var page = await read(limit, cursor);
            items.AddRange(page.Documents.Select(item).OfType<TItem>());
            cursor = page.Continuation;
        }
        while (cursor is not null && items.Count == 0);
        return new Page<TItem>(items, cursor);
    }
}
