using System.ComponentModel;
using System.Text.RegularExpressions;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.MLflow;

/// <summary>Aliases of MLflow's registered models, which are Larder's; <c>default</c> is the version that a request without one gets.</summary>
public sealed partial class RegisteredAliases(ModelRegistry registry, RegistryCalls calls)
{
    private static readonly MLflowBody<SetRegisteredAliasRequest> Target = new();
    private static readonly MLflowBody<RegisteredAliasRequest> Named = new();

    /// <summary>Makes an alias point at a version.</summary>
    [Function("MLflowSetRegisteredAlias"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: set an alias of a registered model.")]
    [Takes(nameof(Target)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> SetRegisteredAlias(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = MLflowRoutes.Api + "/registered-models/alias")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Target.ReadAsync(request, cancellationToken);
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        RequireAlias(body.Alias);
        var version = RegistryCalls.VersionOf(name, body.Version);
        await calls.AskAsync(name, () => registry.SetAliasAsync(name, body.Alias, version, actor: request.Caller().Name, cancellationToken: cancellationToken), version);
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>Removes an alias; one that is not there without a word, as MLflow does.</summary>
    [Function("MLflowDeleteRegisteredAlias"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("MLflow: remove an alias of a registered model.")]
    [Takes(nameof(Named)), Answers(typeof(EmptyAnswer))]
    public async Task<IActionResult> DeleteRegisteredAlias(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = MLflowRoutes.Api + "/registered-models/alias")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        RequireAlias(body.Alias);
        var model = await calls.AskAsync(name, () => registry.GetAsync(name, cancellationToken));
        try
        {
            if (model.Target(body.Alias) is not null)
                await registry.DeleteAliasAsync(name, body.Alias, actor: request.Caller().Name, cancellationToken: cancellationToken);
        }
        catch (NotFoundException)
        {
            // It went in the meantime.
        }
        return new PlainAnswer(MLflowAnswers.Empty);
    }

    /// <summary>The version that an alias points at.</summary>
    [Function("MLflowGetRegisteredAlias"), Requires(Role.Reader, Scope = ScopeRule.Function), Description("MLflow: the version of an alias.")]
    [Answers(typeof(ModelVersionAnswer))]
    public async Task<IActionResult> GetRegisteredAlias(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = MLflowRoutes.Api + "/registered-models/alias")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Named.ReadAsync(request, cancellationToken);
        var name = await calls.NameAsync(request, body.Name, cancellationToken);
        RequireAlias(body.Alias);
        var model = await calls.AskAsync(name, () => registry.GetAsync(name, cancellationToken));
        var number = model.Target(body.Alias) ?? throw new InvalidRequestException($"Registered model alias {body.Alias} not found.");
        var (after, version) = await calls.VersionAsync(name, number, cancellationToken);
        return new PlainAnswer(new ModelVersionAnswer { ModelVersion = RegistryAnswers.Of(after, version) });
    }

    private static void RequireAlias(string alias)
    {
        if (alias.Length == 0)
            throw MLflowArguments.Missing("alias");
        if (alias.Equals("latest", StringComparison.OrdinalIgnoreCase))
            throw new InvalidRequestException("'latest' alias name (case insensitive) is reserved.");
        if (OfVersion().IsMatch(alias))
            throw new InvalidRequestException($"Version alias name '{alias}' is reserved.");
        ModelName.ValidateAlias(alias);
    }

    [GeneratedRegex(@"\A[vV][0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex OfVersion();
}
