using System.Globalization;
using System.Text.RegularExpressions;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;

namespace Larder.Functions.MLflow;

/// <summary>What calls of MLflow's registry have in common: the model that a call names is held to the caller's scope, and what the registry refuses is said in MLflow's sentences.</summary>
public sealed partial class RegistryCalls(ModelRegistry registry, ModelScopes scopes)
{
    /// <summary>The model that a call names, if the caller's scope has it.</summary>
    /// <exception cref="InvalidRequestException">It is no name of a model.</exception>
    /// <exception cref="ForbiddenException">The scope does not have it.</exception>
    public async Task<ModelName> NameAsync(HttpRequest request, string name, CancellationToken cancellationToken)
    {
        if (name.Length == 0)
            throw MLflowArguments.Missing("name");
        var parsed = ModelName.Parse(name);
        await scopes.RequireAsync(request.Caller(), parsed, cancellationToken);
        return parsed;
    }

    /// <summary>The number of a version.</summary>
    /// <exception cref="InvalidRequestException">It is no whole number.</exception>
    /// <exception cref="NotFoundException">No version can have it.</exception>
    public static int VersionOf(ModelName name, string version)
    {
        if (version.Length == 0)
            throw MLflowArguments.Missing("version");
        if (!WholeNumber().IsMatch(version))
            throw new InvalidRequestException($"Parameter 'version' must be an integer, got '{version}'.");
        return int.TryParse(version, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : throw NoVersion(name, version);
    }

    /// <summary>A search.</summary>
    /// <param name="request">As it came.</param>
    /// <param name="absent">The most items of a page, where the request does not say.</param>
    /// <param name="most">The most that it may say.</param>
    /// <exception cref="InvalidRequestException">It asks for more.</exception>
    internal static RegistrySearch SearchOf(SearchRegistryRequest request, int absent, int most) =>
        new(request.Filter, request.OrderBy ?? [], MLflowValues.LimitOf(request.MaxResults, absent, most), MLflowValues.TokenOf(request.PageToken));

    /// <summary>Asks the registry for something about a model.</summary>
    /// <param name="name">The model.</param>
    /// <param name="call">The question.</param>
    /// <param name="version">The version that it is about, if any.</param>
    /// <exception cref="NotFoundException">There is no such model or version, in MLflow's words.</exception>
    /// <exception cref="PreconditionFailedException">What is stored forbids it.</exception>
    public async Task<T> AskAsync<T>(ModelName name, Func<Task<T>> call, int? version = null)
    {
        try
        {
            return await call();
        }
        catch (NotFoundException) when (version is not null)
        {
            throw await IsThereAsync(name) ? NoVersion(name, $"{version}") : NoModel(name);
        }
        catch (NotFoundException)
        {
            throw NoModel(name);
        }
        catch (ConflictException e)
        {
            throw new PreconditionFailedException($"{e.Message} This API has no way to force it; DELETE /api/v1/models/{new ModelReference(name, version)}?force=true has.");
        }
    }

    /// <summary>A version, with its model.</summary>
    /// <exception cref="NotFoundException">There is no such model or version.</exception>
    public Task<ResolvedModel> VersionAsync(ModelName name, int version, CancellationToken cancellationToken) =>
        AskAsync(name, () => registry.ResolveAsync(new ModelReference(name, version), cancellationToken), version);

    /// <summary>There is no such version.</summary>
    public static NotFoundException NoVersion(ModelName name, string version) => new($"Model Version (name={name}, version={version}) not found");

    private static NotFoundException NoModel(ModelName name) => new($"Registered Model with name={name} not found");

    private async Task<bool> IsThereAsync(ModelName name)
    {
        try
        {
            await registry.GetAsync(name);
            return true;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\A-?[0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex WholeNumber();
}
