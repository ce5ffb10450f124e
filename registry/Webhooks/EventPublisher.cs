using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Registry.Audit;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Storage;

namespace Larder.Registry.Webhooks;

/// <summary>
/// Makes events of changes, and deliveries of events. It follows the audit log, so an event belongs to a change that is stored, and every stored change has its events: a crash
/// before the deliveries are stored leaves the record in its document, and whatever brings that into the log comes here first.
/// </summary>
/// <param name="documents">Where models and versions are.</param>
/// <param name="deliveries">Where deliveries go.</param>
public sealed class EventPublisher(IDocumentStore documents, DeliveryStore deliveries) : IAuditFollower, IJobFollower
{
    private const int PageSize = 500;

    /// <inheritdoc />
    public bool Follows(AuditRecord record) => record.What switch
    {
        "create_model" or "publish" or "import" or "set_alias" or "delete_alias" or "set_default" => record.Subject.StartsWith(AuditSubject.OfModel(""), StringComparison.Ordinal),
        "update_version" => record.Tags is not null,
        _ => false,
    };

    /// <inheritdoc />
    public async Task FollowAsync(AuditRecord record)
    {
        if (await TakersAsync() is not { Count: > 0 } webhooks)
            return;
        var number = 0;
        await foreach (var (name, data) in EventsOfAsync(record))
            await AddAsync(webhooks, name, $"{record.Id}#{number++}", data, record.When);
    }

    /// <inheritdoc />
    public async Task EndedAsync(Job job)
    {
        if (await TakersAsync() is not { Count: > 0 } webhooks)
            return;
        var when = job.Finished ?? job.Created;
        await AddAsync(webhooks, WebhookEvents.JobEnded, $"job:{job.Id}/ended", DataOf(job), when);
        if (DriftVerdict.IsFound(job))
            await AddAsync(webhooks, WebhookEvents.DriftFound, $"job:{job.Id}/drift", DriftOf(job), when);
    }

    /// <summary>An event as a test of a webhook sends it.</summary>
    public static string Example(string name, DateTimeOffset now)
    {
        const string Model = "example_model";
        JsonObject Version(JsonObject rest)
        {
            var data = new JsonObject { ["name"] = Model, ["version"] = "1" };
            foreach (var (member, value) in rest)
                data[member] = value?.DeepClone();
            return data;
        }
        var tags = new JsonObject { ["example_key"] = "example_value" };
        return PayloadOf(name, now, name switch
        {
            WebhookEvents.ModelCreated => new JsonObject { ["name"] = Model, ["tags"] = tags, ["description"] = "An example registered model" },
            WebhookEvents.VersionCreated => Version(new JsonObject
            {
                ["source"] = "models:/123", ["run_id"] = "abcd1234abcd5678", ["tags"] = tags, ["description"] = "An example model version",
            }),
            WebhookEvents.TagSet => Version(new JsonObject { ["key"] = "example_key", ["value"] = "example_value" }),
            WebhookEvents.TagDeleted => Version(new JsonObject { ["key"] = "example_key" }),
            WebhookEvents.AliasCreated => new JsonObject { ["name"] = Model, ["alias"] = "example_alias", ["version"] = "1" },
            WebhookEvents.AliasDeleted => new JsonObject { ["name"] = Model, ["alias"] = "example_alias" },
            WebhookEvents.AliasMoved => new JsonObject { ["name"] = Model, ["alias"] = "example_alias", ["version"] = "2", ["previous_version"] = "1", ["moved_by"] = "example_caller" },
            WebhookEvents.DriftFound => DriftOf(new Job
            {
                Id = "0000000000000000",
                Type = DriftVerdict.Type,
                State = JobState.Succeeded,
                Reason = "1 of 2 columns has drifted: 'age' (PSI 0.412).",
                Model = Model,
                Version = 1,
                Metrics = new Dictionary<string, double> { [DriftVerdict.Metric] = 1, ["columns"] = 2, ["drifted_columns"] = 1, ["max_psi"] = 0.412 },
                Created = now,
                Finished = now,
            }),
            _ => DataOf(new Job { Id = "0000000000000000", Type = "train", State = JobState.Succeeded, Model = Model, Version = 1, Created = now, Finished = now }),
        });
    }

    private async Task<IReadOnlyList<Webhook>> TakersAsync() =>
        [.. (await deliveries.Webhooks.KnownAsync()).Where(IsTaker)];

    private static bool IsTaker(Webhook webhook) => webhook.Status == WebhookStatus.Active && !webhook.Deleted;

    private Task AddAsync(IReadOnlyList<Webhook> webhooks, string name, string occurrence, JsonObject data, DateTimeOffset when)
    {
        var takers = webhooks.Where(webhook => webhook.Takes(name)).ToList();
        if (takers.Count == 0)
            return Task.CompletedTask;
        var payload = PayloadOf(name, when, data);
        return Task.WhenAll(takers.Select(AddToAsync));

        async Task AddToAsync(Webhook known)
        {
            // Another server may have deleted or changed it: a delivery of one that is gone would stay.
            if (await deliveries.Webhooks.FindAsync(known.Id) is { } webhook && IsTaker(webhook) && webhook.Takes(name))
                await deliveries.AddAsync(webhook, name, occurrence, payload, when);
        }
    }

    private async IAsyncEnumerable<(string Name, JsonObject Data)> EventsOfAsync(AuditRecord record)
    {
        var (model, part) = record.Subject.Split(':') is [_, var name, .. var rest] ? (name, rest is [var below, ..] ? below : "") : ("", "");
        switch (record.What)
        {
            case "create_model":
                yield return (WebhookEvents.ModelCreated, await ModelAsync(model));
                break;
            case "publish":
                if (record.MakesModel == true)
                    yield return (WebhookEvents.ModelCreated, await ModelAsync(model));
                yield return (WebhookEvents.VersionCreated, await VersionAsync(model, part, record));
                if (NumberIn(record.After, "default_version") is { } served)
                    yield return (WebhookEvents.AliasMoved, Moved(model, ModelName.Default, served, NumberIn(record.Before, "default_version"), record.Who));
                break;
            case "import" when record.After?.TryGetProperty("deleted", out var deleted) == true && deleted.ValueKind == JsonValueKind.False:
                yield return (WebhookEvents.ModelCreated, await ModelAsync(model));
                await foreach (var version in VersionsAsync(model))
                    yield return (WebhookEvents.VersionCreated, DataOf(version));
                break;
            case "update_version":
                foreach (var (key, value) in record.Tags!.OrderBy(tag => tag.Key, StringComparer.Ordinal))
                {
                    var data = new JsonObject { ["name"] = model, ["version"] = part, ["key"] = key };
                    if (value is not null)
                        data["value"] = value;
                    yield return (value is null ? WebhookEvents.TagDeleted : WebhookEvents.TagSet, data);
                }
                break;
            case "set_alias" or "delete_alias" or "set_default":
                var (from, to) = (NumberIn(record.Before, "version"), NumberIn(record.After, "version"));
                // A default that follows the newest version is no alias in MLflow's API.
                var (was, isNow) = (IsAlias(record.Before, from), IsAlias(record.After, to));
                if (isNow)
                    yield return (WebhookEvents.AliasCreated, new JsonObject { ["name"] = model, ["alias"] = part, ["version"] = to });
                else if (was)
                    yield return (WebhookEvents.AliasDeleted, new JsonObject { ["name"] = model, ["alias"] = part });
                if (from != to)
                    yield return (WebhookEvents.AliasMoved, Moved(model, part, to, from, record.Who));
                break;
        }
    }

    private static bool IsAlias(JsonElement? side, string? version) =>
        version is not null && !(side!.Value.TryGetProperty("follows_newest", out var follows) && follows.ValueKind == JsonValueKind.True);

    private static string? NumberIn(JsonElement? side, string member) =>
        side?.TryGetProperty(member, out var number) == true && number.ValueKind == JsonValueKind.Number ? number.GetInt32().ToString(CultureInfo.InvariantCulture) : null;

    private static JsonObject Moved(string model, string alias, string? to, string? from, string? who) =>
        new() { ["name"] = model, ["alias"] = alias, ["version"] = to, ["previous_version"] = from, ["moved_by"] = who };

    // As they are when the event is made, which is just after the change; what went since is told by its name.
    private async Task<JsonObject> ModelAsync(string name)
    {
        var model = (await documents.GetAsync(ModelCollections.Models, name, ModelCollections.ModelId))?.Value;
        return new JsonObject { ["name"] = name, ["tags"] = TagsOf(model?.Tags), ["description"] = TextOf(model?.Description) };
    }

    private async Task<JsonObject> VersionAsync(string model, string number, AuditRecord record)
    {
        var found = await documents.GetAsync(ModelCollections.Versions, model, ModelCollections.VersionId(int.Parse(number, CultureInfo.InvariantCulture)));
        return found?.Value.Version is { } version
            ? DataOf(version)
            : new JsonObject
            {
                ["name"] = model,
                ["version"] = number,
                ["source"] = record.After?.TryGetProperty("source", out var source) == true ? source.GetString() : null,
                ["run_id"] = null,
                ["tags"] = new JsonObject(),
                ["description"] = null,
            };
    }

    private async IAsyncEnumerable<ModelVersion> VersionsAsync(string model)
    {
        if ((await documents.GetAsync(ModelCollections.Models, model, ModelCollections.ModelId))?.Value is not { } document)
            yield break;
        await foreach (var found in documents.ListAllAsync(ModelCollections.Versions, model, PageSize))
        {
            if (found.Value.Version is { } version && document.IsVisible(version.Version))
                yield return version;
        }
    }

    private static JsonObject DataOf(ModelVersion version) => new()
    {
        ["name"] = version.Model.ToString(),
        ["version"] = version.Version.ToString(CultureInfo.InvariantCulture),
        ["source"] = VersionSource.Of(version),
        ["run_id"] = version.Run,
        ["tags"] = TagsOf(version.Tags),
        ["description"] = TextOf(version.Description),
    };

    private static JsonObject DataOf(Job job) => new()
    {
        ["job"] = job.Id,
        ["type"] = job.Type,
        ["state"] = JsonSerializer.SerializeToNode(job.State, RegistryJson.Options),
        ["reason"] = job.Reason,
        ["model"] = job.Model,
        ["version"] = job.Version?.ToString(CultureInfo.InvariantCulture),
        ["run_id"] = job.Run,
        ["owner"] = job.Owner,
        ["created"] = job.Created,
        ["finished"] = job.Finished,
    };

    private static JsonObject DriftOf(Job job)
    {
        var data = DataOf(job);
        data["metrics"] = JsonSerializer.SerializeToNode(job.Metrics, RegistryJson.Options);
        return data;
    }

    private static JsonObject TagsOf(IReadOnlyDictionary<string, string>? tags) => new((tags ?? new Dictionary<string, string>()).Select(tag => KeyValuePair.Create(tag.Key, (JsonNode?)tag.Value)));

    private static string? TextOf(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string PayloadOf(string name, DateTimeOffset when, JsonObject data)
    {
        var (entity, action) = name.Split('.') is [var left, var right] ? (left, right) : (name, "");
        return new JsonObject { ["entity"] = entity, ["action"] = action, ["timestamp"] = when.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture), ["data"] = data }
            .ToJsonString(RegistryJson.Options);
    }
}
