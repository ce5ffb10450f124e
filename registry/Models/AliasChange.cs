namespace Larder.Registry.Models;

/// <summary>What moving an alias did.</summary>
/// <param name="Model">The model after it.</param>
/// <param name="Alias">The alias; <c>default</c> for what an unversioned request gets.</param>
/// <param name="Previous">The version that it stood for before; null when for none. Moving it there again rolls back.</param>
/// <param name="Current">The version that it stands for now; null when for none.</param>
public sealed record AliasChange(Model Model, string Alias, int? Previous, int? Current);
