using Larder.Registry.Catalog;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Registry.Access;

/// <summary>Whether models are in the scope of a caller. Names tell at once; tags are read, from memory where the model was asked for before.</summary>
/// <param name="registry">The models.</param>
/// <param name="catalog">The same from memory: a tag that was changed elsewhere counts within <see cref="CatalogOptions.HardTtl"/>.</param>
public sealed class ModelScopes(ModelRegistry registry, ModelCatalog catalog)
{
    /// <summary>Whether a caller's scope has a model; of one that is not there yet, its name alone tells.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="model">The model's name; one that can be none is in no scope.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public ValueTask<bool> CoverAsync(Caller caller, string model, CancellationToken cancellationToken) =>
        caller.Scope is not { } scope || scope.CoversName(model) ? new ValueTask<bool>(true)
        : scope.Tags.Count == 0 ? new ValueTask<bool>(false)
        : ByTagAsync(scope, model, cancellationToken);

    /// <summary>Refuses a model that is not in a caller's scope.</summary>
    /// <inheritdoc cref="CoverAsync"/>
    /// <exception cref="ForbiddenException">It is not; whether there is such a model is not said.</exception>
    public async ValueTask RequireAsync(Caller caller, string model, CancellationToken cancellationToken)
    {
        if (!await CoverAsync(caller, model, cancellationToken))
            throw new ForbiddenException(Refusal(caller, model));
    }

    /// <summary>Why a model is refused, in a sentence.</summary>
    public static string Refusal(Caller caller, string model) => $"The scope of {caller.Name} does not have the model {Quoted.Text(model)}.";

    /// <summary>Tells of many names whether they are in a caller's scope. With tags it reads all models once.</summary>
    public async Task<Func<string, bool>> NamesAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (caller.Scope is not { } scope)
            return _ => true;
        if (scope.Tags.Count == 0)
            return scope.CoversName;
        var tagged = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var model in Listing.AllAsync(cursor => registry.ListAsync(ModelRegistry.MaxPage, cursor, cancellationToken: cancellationToken)))
        {
            if (scope.Covers(model))
                tagged.Add(model.Name);
        }
        return name => scope.CoversName(name) || tagged.Contains(name);
    }

    private async ValueTask<bool> ByTagAsync(ModelScope scope, string model, CancellationToken cancellationToken)
    {
        try
        {
            return scope.Covers((await catalog.ResolveAsync(model, cancellationToken)).Model);
        }
        catch (NotFoundException)
        {
            // A model without a version has tags, too.
        }
        catch (InvalidRequestException)
        {
            return false;
        }

        try
        {
            return scope.Covers(await registry.GetAsync(ModelName.Parse(model), cancellationToken));
        }
        catch (NotFoundException)
        {
            return false;
        }
    }
}
