using Larder.Inference.Settings;
using Larder.Registry.Errors;
using Larder.Registry.Publishing;

namespace Larder.Registry.Models;

public sealed partial class ModelRegistry
{
    /// <summary>Changes what describes a model. Nothing is written if it is so already.</summary>
    /// <returns>The model after it.</returns>
    /// <exception cref="InvalidRequestException">A text is too long, or a setting out of range.</exception>
    public async Task<Model> UpdateAsync(
        string name, ModelPatch patch, string? ifMatch = null, string? actor = null, CancellationToken cancellationToken = default)
    {
        ModelName.Validate(name);
        Validate(patch);
        var (_, after) = await _models.ChangeAsync(name, ifMatch, model => Task.FromResult(Patched(model, patch, actor)), cancellationToken);
        return after.Value.View(after.ETag);
    }

    /// <summary>
    /// Makes the two versions point at each other: one is what ONNX Runtime made of the other. Doing it again changes nothing.
    /// </summary>
    /// <param name="name">The model.</param>
    /// <param name="from">The version as it was made.</param>
    /// <param name="to">The optimised one.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="NotFoundException">There is no such model, or one of the versions is not there.</exception>
    public async Task LinkOptimizedAsync(string name, int from, int to, CancellationToken cancellationToken = default)
    {
        ModelName.Validate(name);
        if (from == to)
            throw new ArgumentException("A version cannot be made from itself.", nameof(to));
        try
        {
            await LinkAsync(to, version => version with { Kind = ModelVersion.OptimizedKind, OptimizedFrom = from });
            await LinkAsync(from, version => version with { OptimizedTo = to });
        }
        finally
        {
            // Also when it failed: it may be written all the same.
            Changed?.Invoke(name);
        }

        async Task LinkAsync(int number, Func<ModelVersion, ModelVersion> link)
        {
            var model = await _models.GetAsync(name, cancellationToken);
            if (!await Ledger.ChangeAsync(model.Value, number, link, cancellationToken))
                throw NoVersion(name, number);
        }
    }

    /// <summary>The version that was published under a key; null when there is none (yet).</summary>
    /// <param name="name">The model.</param>
    /// <param name="once"><see cref="PublishRequest.IdempotencyKey"/>.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ConflictException">It was deleted since.</exception>
    public async Task<ResolvedModel?> FindOnceAsync(string name, string once, CancellationToken cancellationToken = default)
    {
        ModelName.Validate(name);
        return await Ledger.FindByKeyAsync(name, TextHash.Of(once), cancellationToken) is var (model, version)
            ? new ResolvedModel(model.Value.View(model.ETag), version)
            : null;
    }

    /// <summary>Adds a version whose artifact is stored, and patches the model in the same step.</summary>
    internal async Task<ResolvedModel> AddVersionAsync(ModelVersion draft, string? once, ModelPatch patch, CancellationToken cancellationToken)
    {
        var (model, version) = await Ledger.AddAsync(draft, once is null ? null : TextHash.Of(once), before => Patched(before, patch, draft.CreatedBy), cancellationToken);
        return new ResolvedModel(model.Value.View(model.ETag), version);
    }

    internal static void Validate(ModelPatch patch)
    {
        FieldLimits.ValidateDescription(patch.Description);
        FieldLimits.ValidateShort(patch.Owner, "owner");
        if (patch.Tags is not null)
            FieldLimits.ValidateTags(patch.Tags.ToDictionary(tag => tag.Key, tag => tag.Value ?? ""));
        if (patch.Settings is not null)
            SettingsRules.Validate(patch.Settings);
        if (patch.Image is not null)
            SettingsRules.Validate(new ModelSettings { Image = patch.Image });
    }

    private ModelDocument Patched(ModelDocument model, ModelPatch patch, string? actor)
    {
        var tags = model.Tags;
        if (patch.Tags is { } changes)
        {
            var merged = new SortedDictionary<string, string>(model.Tags.ToDictionary(), StringComparer.Ordinal);
            foreach (var (key, value) in changes)
                _ = value is null ? merged.Remove(key) : (merged[key] = value) is not null;
            tags = merged;
            FieldLimits.ValidateTags(tags);
        }

        var settings = patch.Settings ?? model.Settings;
        var next = model with
        {
            Description = patch.Description ?? model.Description,
            Owner = patch.Owner is "" ? null : patch.Owner ?? model.Owner,
            Tags = tags,
            Settings = patch.Image is null ? settings : settings with { Image = patch.Image },
        };
        return next.LogUpdate(model, _time.GetUtcNow(), actor);
    }
}
