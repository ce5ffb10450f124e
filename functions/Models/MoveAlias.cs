using System.ComponentModel;
using System.Text.Json;
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

namespace Larder.Functions.Models;

/// <summary>Aliases, and the one that every model has: its default. Each answer holds the previous target, so one call rolls back.</summary>
public sealed class MoveAlias(ModelRegistry registry)
{
    private static readonly JsonBody<DefaultRequest> Default = new("{default:integer}");
    private static readonly JsonBody<AliasRequest> Alias = new("{version:integer}");

    /// <summary>Sets the default version: <c>{"default": 3}</c>, or null to follow the newest version again; 422 if the version does not give the outputs of its samples, unless <c>?force=true</c>.</summary>
    [Function("SetDefault"), Requires(Role.Contributor), Description("Set the default: {\"default\": 3}; null follows the newest; ?force=true whatever its samples say.")]
    [Query("force"), Takes(nameof(Default)), TakesHeaders(EntityTags.IfMatch), Answers(typeof(AliasAnswer))]
    public async Task<IActionResult> SetDefault(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/models/{model}/default")] HttpRequest request,
        string model,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var version = Version(await Default.ReadObjectAsync(request, cancellationToken), "default", "No default value provided", "Default value must be an integer");
        var change = await registry.SetDefaultAsync(name, version, request.IfMatch(), force: request.Flag("force"), actor: request.Caller().Name, cancellationToken: cancellationToken);
        var text = version is null ? "following its newest version" : $"updated with default version: {version}";
        return Answer(change, $"{name} {text}");
    }

    /// <summary>Makes an alias point at a version: <c>{"version": 3}</c>; 422 if the version does not give the outputs of its samples, unless <c>?force=true</c>.</summary>
    [Function("SetAlias"), Requires(Role.Contributor), Description("Move an alias: {\"version\": 3}; ?force=true whatever its samples say.")]
    [Query("force"), Takes(nameof(Alias)), TakesHeaders(EntityTags.IfMatch), Answers(typeof(AliasAnswer))]
    public async Task<IActionResult> SetAlias(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/v1/models/{model}/aliases/{alias}")] HttpRequest request,
        string model,
        string alias,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        ModelName.ValidateAlias(alias);
        var version = Version(await Alias.ReadObjectAsync(request, cancellationToken), "version", "No version provided", "version must be an integer")
            ?? throw new InvalidRequestException("version must be an integer");
        var change = await registry.SetAliasAsync(name, alias, version, request.IfMatch(), force: request.Flag("force"), actor: request.Caller().Name, cancellationToken: cancellationToken);
        return Answer(change, $"{name}:{alias} is version {version}");
    }

    /// <summary>Removes an alias.</summary>
    [Function("DeleteAlias"), Requires(Role.Contributor), Description("Remove an alias.")]
    [Query, TakesHeaders(EntityTags.IfMatch), Answers(typeof(AliasAnswer))]
    public async Task<IActionResult> DeleteAlias(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/models/{model}/aliases/{alias}")] HttpRequest request,
        string model,
        string alias,
        CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        var change = await registry.DeleteAliasAsync(name, alias, request.IfMatch(), actor: request.Caller().Name, cancellationToken: cancellationToken);
        return Answer(change, $"{name}:{alias} removed");
    }

    private static Envelope Answer(AliasChange change, string description) =>
        Envelope.Ok(description, new AliasAnswer { Alias = change.Alias, Previous = change.Previous, Current = change.Current }).WithETag(change.Model.ETag);

    private static int? Version(JsonElement body, string member, string missing, string wrong)
    {
        if (!body.TryGetProperty(member, out var value))
            throw new InvalidRequestException(missing);
        if (value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var version) ? version : throw new InvalidRequestException(wrong);
    }
}
