namespace Larder.Registry;

public sealed partial class ModelRegistry
{
    /// <summary>Changes what describes a model.</summary>
    /// <returns>The model after it.</returns>
    /// <exception cref="InvalidRequestException">A text is too long, or a setting out of range.</exception>
    public async Task<Model> UpdateAsync(
        string name, ModelPatch patch, string? ifMatch = null, string? actor = null, CancellationToken cancellation = default)
    {
        ModelName.Validate(name);
        Validate(patch);
        var (_, after) = await models.ChangeAsync(name, ifMatch, model => Task.FromResult(Patched(model, patch, actor)), cancellation);
        return after.Value.View(after.ETag);
    }

    /// <summary>Adds a version whose artifact is stored, and patches the model in the same step.</summary>
    internal async Task<ResolvedModel> AddVersionAsync(ModelVersion draft, ModelPatch patch, CancellationToken cancellation)
    {
        var (model, version) = await Ledger.AddAsync(draft, before => Patched(before, patch, draft.CreatedBy), cancellation);
        return new ResolvedModel(model.Value.View(model.ETag), version);
    }

    internal static void Validate(ModelPatch patch)
    {
        Texts.ValidateDescription(patch.Description);
        Texts.ValidateShort(patch.Owner, "owner");
        if (patch.Tags is not null)
            Texts.ValidateTags(patch.Tags.ToDictionary(tag => tag.Key, tag => tag.Value ?? ""));
        if (patch.Settings is not null)
            SettingsRules.Validate(patch.Settings);
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
            Texts.ValidateTags(tags);
        }

        var next = model with
        {
            Description = patch.Description ?? model.Description,
            Owner = patch.Owner is "" ? null : patch.Owner ?? model.Owner,
            Tags = tags,
            Settings = patch.Settings ?? model.Settings,
        };
        var nothing = patch is { Description: null, Owner: null, Tags: null, Settings: null };
        return nothing ? model : next.Log(Entry("update", actor));
    }
}
