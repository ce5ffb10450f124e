using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Registry.Webhooks;

/// <summary>A kind of event as MLflow's API names it.</summary>
/// <param name="Entity">What it is about, in capital letters: <c>MODEL_VERSION</c>.</param>
/// <param name="Action">What happened to it: <c>CREATED</c>.</param>
public readonly record struct WebhookEvent(string Entity, string Action)
{
    /// <summary>As webhooks store it and deliveries show it: <c>model_version.created</c>.</summary>
    public string Name => $"{Entity}.{Action}".ToLowerInvariant();

    /// <summary>The event of a name.</summary>
    public static WebhookEvent Of(string name) => name.ToUpperInvariant().Split('.') is [var entity, var action] ? new(entity, action) : throw new ArgumentException(name, nameof(name));
}

/// <summary>The events that there are: MLflow's of its registry, and Larder's own.</summary>
public static class WebhookEvents
{
    /// <summary>A model was made.</summary>
    public const string ModelCreated = "registered_model.created";

    /// <summary>A version was published.</summary>
    public const string VersionCreated = "model_version.created";

    /// <summary>A tag of a version was set.</summary>
    public const string TagSet = "model_version_tag.set";

    /// <summary>A tag of a version was removed.</summary>
    public const string TagDeleted = "model_version_tag.deleted";

    /// <summary>An alias points at a version, for the first time or another than before.</summary>
    public const string AliasCreated = "model_version_alias.created";

    /// <summary>An alias was removed.</summary>
    public const string AliasDeleted = "model_version_alias.deleted";

    /// <summary>Larder's own: an alias, or the default, points at another version than before, or at none.</summary>
    public const string AliasMoved = "alias.moved";

    /// <summary>Larder's own: a job reached its final state.</summary>
    public const string JobEnded = "job.ended";

    /// <summary>Larder's own: a job found that data has drifted.</summary>
    public const string DriftFound = "drift.found";

    private const string Prompt = "PROMPT";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [ModelCreated, VersionCreated, TagSet, TagDeleted, AliasCreated, AliasDeleted, AliasMoved, JobEnded, DriftFound];

    /// <summary>Refuses an event that there is not.</summary>
    /// <exception cref="InvalidRequestException">There is no such event.</exception>
    public static void Require(WebhookEvent given)
    {
        if (All.Contains(given.Name) && given == WebhookEvent.Of(given.Name))
            return;
        if (given.Entity.StartsWith(Prompt, StringComparison.Ordinal))
            throw new InvalidRequestException($"This server has no prompts, so no event {Quoted.Text(given.Entity)} ever happens here. Events are: {string.Join(", ", All)}.");
        var actions = All.Select(WebhookEvent.Of).Where(known => known.Entity == given.Entity).Select(known => $"'{known.Action.ToLowerInvariant()}'").Order(StringComparer.Ordinal).ToList();
        throw new InvalidRequestException(actions.Count == 0
            ? $"There is no entity {Quoted.Text(given.Entity)}. Entities are: {string.Join(", ", All.Select(name => WebhookEvent.Of(name).Entity).Distinct())}."
            : $"Invalid action {Quoted.Text(given.Action.ToLowerInvariant())} for entity '{given.Entity.ToLowerInvariant()}'. Valid actions are: [{string.Join(", ", actions)}]");
    }
}
