using Larder.Registry.Errors;

namespace Larder.Registry.Models;

public sealed partial class ModelRegistry
{
    private const int MaxAliases = 100;

    /// <summary>Makes an alias point at a version; <c>default</c> is <see cref="SetDefaultAsync"/>.</summary>
    /// <param name="name">The model.</param>
    /// <param name="alias">The alias, new or not.</param>
    /// <param name="version">A READY version.</param>
    /// <param name="ifMatch">The model's ETag.</param>
    /// <param name="expectedCurrent">The version that the alias must point at now; 0 when there must be no such alias; null for any.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="NotFoundException">There is no such version.</exception>
    /// <exception cref="PreconditionFailedException">The alias points at another version than expected, or the model has changed.</exception>
    public async Task<AliasChange> SetAliasAsync(
        string name,
        string alias,
        int version,
        string? ifMatch = null,
        int? expectedCurrent = null,
        string? actor = null,
        CancellationToken cancellationToken = default)
    {
        ModelName.ValidateAlias(alias);
        if (alias == ModelName.Default)
            return await SetDefaultAsync(name, version, ifMatch, expectedCurrent, actor, cancellationToken);

        ModelName.Validate(name);
        var (before, after) = await _models.ChangeAsync(name, ifMatch, Move, cancellationToken);
        return new AliasChange(after.Value.View(after.ETag), alias, Target(before, alias), version);

        async Task<ModelDocument> Move(ModelDocument model)
        {
            var current = Target(model, alias);
            Expect(alias, current, expectedCurrent);
            await RequireReadyAsync(model, version, cancellationToken);
            if (current == version)
                return model;
            if (current is null && model.Aliases.Count >= MaxAliases)
                throw new InvalidRequestException($"A model can have at most {MaxAliases} aliases, and {name} has them.");
            var aliases = model.Aliases.Where(other => other.Key != alias).Append(new(alias, version));
            return (model with { Aliases = aliases.OrderBy(other => other.Key, StringComparer.Ordinal).ToDictionary() })
                .LogAlias("set_alias", alias, current, version, _time.GetUtcNow(), actor);
        }
    }

    /// <summary>Removes an alias; of <c>default</c>, that someone set it.</summary>
    /// <exception cref="NotFoundException">There is no such alias.</exception>
    public async Task<AliasChange> DeleteAliasAsync(
        string name, string alias, string? ifMatch = null, string? actor = null, CancellationToken cancellationToken = default)
    {
        ModelName.ValidateAlias(alias);
        if (alias == ModelName.Default)
            return await SetDefaultAsync(name, version: null, ifMatch, expectedCurrent: null, actor, cancellationToken);

        ModelName.Validate(name);
        var (before, after) = await _models.ChangeAsync(name, ifMatch, model => Task.FromResult(Remove(model)), cancellationToken);
        return new AliasChange(after.Value.View(after.ETag), alias, Target(before, alias), null);

        ModelDocument Remove(ModelDocument model)
        {
            var current = Target(model, alias) ?? throw NoAlias(name, alias);
            return (model with { Aliases = model.Aliases.Where(other => other.Key != alias).ToDictionary() })
                .LogAlias("delete_alias", alias, current, null, _time.GetUtcNow(), actor);
        }
    }

    /// <summary>Sets the version that an unversioned request gets.</summary>
    /// <param name="name">The model.</param>
    /// <param name="version">A READY version; null to follow the newest READY one from now on.</param>
    /// <param name="ifMatch">The model's ETag.</param>
    /// <param name="expectedCurrent">The version that an unversioned request must get now; 0 for none; null for any.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="NotFoundException">There is no such version.</exception>
    /// <exception cref="PreconditionFailedException">The default is another version than expected, or the model has changed.</exception>
    public async Task<AliasChange> SetDefaultAsync(
        string name,
        int? version,
        string? ifMatch = null,
        int? expectedCurrent = null,
        string? actor = null,
        CancellationToken cancellationToken = default)
    {
        ModelName.Validate(name);
        var (before, after) = await _models.ChangeAsync(name, ifMatch, Set, cancellationToken);
        return new AliasChange(after.Value.View(after.ETag), ModelName.Default, before.ServedVersion, after.Value.ServedVersion);

        async Task<ModelDocument> Set(ModelDocument model)
        {
            Expect(ModelName.Default, model.ServedVersion, expectedCurrent);
            if (version is { } number)
                await RequireReadyAsync(model, number, cancellationToken);
            return version == model.DefaultVersion
                ? model
                : (model with { DefaultVersion = version }).LogDefault(model, _time.GetUtcNow(), actor);
        }
    }

    private static void Expect(string alias, int? current, int? expected)
    {
        if (expected is { } version && version != (current ?? 0))
        {
            var target = current is { } number ? $"version {number}" : "nothing";
            throw new PreconditionFailedException($"The alias {alias} points at {target}, which is not what was expected.");
        }
    }

    private async Task RequireReadyAsync(ModelDocument model, int version, CancellationToken cancellationToken)
    {
        var found = await Ledger.FindAsync(model, version, cancellationToken) ?? throw NoVersion(model.Name, version);
        if (found.Status != ModelVersionStatus.Ready)
            throw new ConflictException($"Version {version} of {model.Name} is not ready to be served.");
    }
}
