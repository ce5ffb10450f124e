using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Inference.Settings;
using Larder.Registry.Audit;
using Larder.Registry.Errors;

namespace Larder.Registry.Models;

/// <summary>
/// A model as it is stored, and the pure functions that change it. It outlives its deletion as a tombstone, so that its numbers are never given again. Which versions
/// exist is decided here (<see cref="IsVisible"/>), by one compare-and-swap, and never by which version documents are stored.
/// </summary>
internal sealed record ModelDocument
{
    private const int AuditLength = 100;
    private const int MaxAliases = 100;

    public required ModelName Name { get; init; }

    public string Description { get; init; } = "";

    public string? Owner { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    public ModelSettings Settings { get; init; } = new();

    public IReadOnlyDictionary<string, int> Aliases { get; init; } = new Dictionary<string, int>();

    /// <summary>The default that a caller set; null while the default follows <see cref="LatestVersion"/>.</summary>
    public int? DefaultVersion { get; init; }

    /// <summary>The newest READY version that exists, optimised ones aside.</summary>
    public int? LatestVersion { get; init; }

    /// <summary>The highest number that was ever committed. It never goes down.</summary>
    public int LastVersion { get; init; }

    /// <summary>Versions up to this number were deleted with the whole model.</summary>
    public int DeletedThrough { get; init; }

    /// <summary>Versions that are deleted, but whose documents may still have their content.</summary>
    public IReadOnlyList<int> Deleting { get; init; } = [];

    /// <summary>The model is deleted; publishing under its name brings the name back, not the old versions.</summary>
    public bool Deleted { get; init; }

    /// <summary>
    /// Id of the job that is importing the model. The model is marked as deleted until the import is done, so that no reader sees half of it; version documents may be
    /// stored already, and the garbage collector leaves them while the job runs.
    /// </summary>
    public string? Importing { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Updated { get; init; }

    /// <summary>The newest first.</summary>
    public IReadOnlyList<AuditEntry> Audit { get; init; } = [];

    /// <summary>Records of changes that may not be in the log yet.</summary>
    public AuditOutbox Outbox { get; init; } = new();

    public int? ServedVersion => DefaultVersion ?? LatestVersion;

    /// <summary>Whether a version is committed and not deleted. It exists when its document does too.</summary>
    public bool IsVisible(int version) => version <= LastVersion && version > DeletedThrough && !Deleting.Contains(version);

    /// <summary>The version that an alias points at; null when there is no such alias.</summary>
    public int? Target(string alias) => Aliases.TryGetValue(alias, out var version) ? version : null;

    /// <summary>
    /// The model with a version's number committed: the step that makes a version visible. The model as it was read when the number is committed already.
    /// </summary>
    /// <param name="read">The model; null when there is none yet.</param>
    /// <param name="version">The version, whose document is stored.</param>
    /// <param name="revives"><see cref="VersionDocument.Revives"/>.</param>
    /// <param name="isPublisher">Whether the version's own publisher commits it; only then it brings back a model that was deleted since it was read.</param>
    /// <returns>Null when the number went with the deleted model.</returns>
    public static ModelDocument? Commit(ModelDocument? read, ModelVersion version, int? revives, bool isPublisher)
    {
        var model = read ?? new ModelDocument { Name = version.Model, Created = version.Created, Updated = version.Created };

        // The number may have been that of an earlier version whose document is collected: that version must not come back.
        if (version.Version <= model.DeletedThrough)
            return null;
        if (version.Version <= model.LastVersion)
            return model;
        var isDeletedSince = model.Deleted && model.DeletedThrough != revives;
        return isDeletedSince && !isPublisher ? model.SkipNumber(version.Version) : model.Publish(version);
    }

    public ModelDocument Publish(ModelVersion version)
    {
        var published = this with
        {
            LastVersion = version.Version,
            // An optimised version is served only on request, not in the place of the version that it was made from.
            LatestVersion = version.IsDefaultByItself ? version.Version : LatestVersion,
            Created = Deleted ? version.Created : Created,
            Deleted = false,
            Importing = null,
        };
        var (before, after) = ((JsonObject?)null, About(version));
        if (published.ServedVersion != ServedVersion)
        {
            before = ServedVersion is { } served ? new JsonObject { ["default_version"] = served } : null;
            after["default_version"] = published.ServedVersion;
        }

        var record = new AuditRecord
        {
            Subject = AuditSubject.OfVersion(Name, version.Version),
            When = version.Created,
            Who = version.CreatedBy,
            What = "publish",
            Before = before is null ? null : AuditValues.Shown(before),
            After = AuditValues.Shown(after),
        };
        return published.Log(record, new AuditEntry { When = record.When, Who = record.Who, What = record.What, To = version.Version });
    }

    /// <summary>Of a deleted model: uses up a number that will have no version.</summary>
    private ModelDocument SkipNumber(int number) => this with { LastVersion = number, DeletedThrough = number, Importing = null };

    /// <summary>The model with other descriptions, tags or settings; the same instance when nothing differs.</summary>
    /// <exception cref="InvalidRequestException">There are too many tags now.</exception>
    public ModelDocument Patch(ModelPatch patch, DateTimeOffset now, string? who)
    {
        var settings = patch.Settings ?? Settings;
        var next = this with
        {
            Description = patch.Description ?? Description,
            Owner = patch.Owner is "" ? null : patch.Owner ?? Owner,
            Tags = TagPatch.Apply(Tags, patch.Tags),
            Settings = patch.Image is null ? settings : settings with { Image = patch.Image },
        };
        var (before, after) = AuditValues.Between(Described(), next.Described());
        if (before is null && after is null)
            return this;
        var record = new AuditRecord { Subject = AuditSubject.OfModel(Name), When = now, Who = who, What = "update", Before = before, After = after };
        return next.Log(record, new AuditEntry { When = now, Who = who, What = record.What });
    }

    /// <summary>The model with the record of a change to what describes a version; the same instance when nothing differs.</summary>
    public ModelDocument UpdateVersion(ModelVersion before, ModelVersion after, DateTimeOffset now, string? who)
    {
        var (old, changed) = AuditValues.Between(Described(before), Described(after));
        if (old is null && changed is null)
            return this;
        var record = new AuditRecord
        {
            Subject = AuditSubject.OfVersion(Name, before.Version), When = now, Who = who, What = "update_version", Before = old, After = changed,
        };
        return Log(record, new AuditEntry { When = now, Who = who, What = record.What, To = before.Version });
    }

    /// <summary>The model with an alias that points at a version; the same instance when it does already.</summary>
    /// <exception cref="InvalidRequestException">The model has too many aliases.</exception>
    public ModelDocument SetAlias(string alias, int version, DateTimeOffset now, string? who)
    {
        var current = Target(alias);
        if (current == version)
            return this;
        if (current is null && Aliases.Count >= MaxAliases)
            throw new InvalidRequestException($"A model can have at most {MaxAliases} aliases, and {Name} has them.");
        var aliases = Aliases.Where(other => other.Key != alias).Append(new(alias, version));
        return (this with { Aliases = aliases.OrderBy(other => other.Key, StringComparer.Ordinal).ToDictionary() })
            .LogAlias("set_alias", alias, current, version, now, who);
    }

    /// <summary>The model without an alias that it has.</summary>
    public ModelDocument DeleteAlias(string alias, DateTimeOffset now, string? who) =>
        (this with { Aliases = Aliases.Where(other => other.Key != alias).ToDictionary() })
            .LogAlias("delete_alias", alias, Target(alias), null, now, who);

    /// <summary>The model with another default version, null for the newest; the same instance when it has that default already.</summary>
    public ModelDocument SetDefault(int? version, DateTimeOffset now, string? who) =>
        version == DefaultVersion ? this : (this with { DefaultVersion = version }).LogDefault(this, now, who);

    /// <summary>The model without a version. The version's document is still to be emptied (<see cref="FinishDeletion"/>).</summary>
    /// <param name="deleted">The version.</param>
    /// <param name="newestBelow">The newest READY version that is left below it; needed only if the version is the newest itself.</param>
    /// <param name="now">When.</param>
    /// <param name="who">Who.</param>
    public ModelDocument Delete(ModelVersion deleted, int? newestBelow, DateTimeOffset now, string? who)
    {
        var version = deleted.Version;
        var pointing = AliasesOf(version);
        var next = this with
        {
            Deleting = [.. Deleting, version],
            Aliases = Aliases.Where(alias => alias.Value != version).ToDictionary(),
            LatestVersion = LatestVersion == version ? newestBelow : LatestVersion,
            DefaultVersion = DefaultVersion == version ? null : DefaultVersion,
        };
        foreach (var alias in pointing)
            next = next.LogAlias("delete_alias", alias, version, null, now, who);
        if (next.ServedVersion != ServedVersion)
            next = next.LogDefault(this, now, who);
        var record = new AuditRecord
        {
            Subject = AuditSubject.OfVersion(Name, version), When = now, Who = who, What = "delete_version", Before = AuditValues.Shown(About(deleted)),
        };
        return next.Log(record, new AuditEntry { When = now, Who = who, What = record.What, From = version });
    }

    /// <summary>The model without a number in <see cref="Deleting"/>, once the document of that version is empty.</summary>
    public ModelDocument FinishDeletion(int version) =>
        Deleting.Contains(version) ? this with { Deleting = [.. Deleting.Where(other => other != version)] } : this;

    /// <summary>The tombstone of a deleted model: its name, its numbers and its changes.</summary>
    /// <param name="through">The highest number that was ever taken, committed or not.</param>
    /// <param name="now">When.</param>
    /// <param name="who">Who.</param>
    public ModelDocument DeleteAll(int through, DateTimeOffset now, string? who)
    {
        var tombstone = new ModelDocument
        {
            Name = Name,
            LastVersion = through,
            DeletedThrough = through,
            Deleted = true,
            Created = Created,
            Updated = now,
            Audit = Audit,
            Outbox = Outbox,
        };
        var all = Described();
        all["aliases"] = AuditValues.Of(Aliases);
        all["default_version"] = ServedVersion;
        all["last_version"] = LastVersion;
        var record = new AuditRecord
        {
            Subject = AuditSubject.OfModel(Name), When = now, Who = who, What = "delete_model", Before = AuditValues.Between(all, null).Before,
        };
        return tombstone.Log(record, new AuditEntry { When = now, Who = who, What = record.What, From = LatestVersion });
    }

    /// <summary>The aliases that point at a version, by name.</summary>
    public IReadOnlyList<string> AliasesOf(int version) =>
        [.. Aliases.Where(alias => alias.Value == version).Select(alias => alias.Key).Order(StringComparer.Ordinal)];

    private ModelDocument LogAlias(string what, string alias, int? from, int? to, DateTimeOffset now, string? who)
    {
        var record = new AuditRecord
        {
            Subject = AuditSubject.OfAlias(Name, alias), When = now, Who = who, What = what, Before = Pointing(from), After = Pointing(to),
        };
        return Log(record, new AuditEntry { When = now, Who = who, What = what, Alias = alias, From = from, To = to });

        static JsonElement? Pointing(int? version) => version is null ? null : AuditValues.Shown(new JsonObject { ["version"] = version });
    }

    private ModelDocument LogDefault(ModelDocument before, DateTimeOffset now, string? who)
    {
        var record = new AuditRecord
        {
            Subject = AuditSubject.OfAlias(Name, ModelName.Default),
            When = now,
            Who = who,
            What = "set_default",
            Before = Served(before),
            After = Served(this),
        };
        return Log(record, new AuditEntry
        {
            When = now, Who = who, What = record.What, Alias = ModelName.Default, From = before.ServedVersion, To = ServedVersion,
        });

        static JsonElement? Served(ModelDocument model) => AuditValues.Shown(
            new JsonObject { ["version"] = model.ServedVersion, ["follows_newest"] = model.DefaultVersion is null });
    }

    /// <summary>Adds a change to the newest changes, of which the oldest is dropped, and its audit record to the outbox.</summary>
    private ModelDocument Log(AuditRecord record, AuditEntry entry)
    {
        var outbox = Outbox.Add(record);
        var added = outbox.Records[^1];
        return this with
        {
            Updated = added.When,
            Outbox = outbox,
            Audit = [entry with { Revision = added.Revision, When = added.When }, .. Audit.Take(AuditLength - 1)],
        };
    }

    private JsonObject Described() => new()
    {
        ["description"] = Description,
        ["owner"] = Owner,
        ["tags"] = AuditValues.Of(Tags),
        ["settings"] = AuditValues.Of(Settings),
    };

    private static JsonObject Described(ModelVersion version) => new()
    {
        ["description"] = version.Description,
        ["source"] = version.Source,
        ["tags"] = AuditValues.Of(version.Tags),
        ["labels"] = JsonSerializer.SerializeToNode(version.Labels),
        ["features"] = JsonSerializer.SerializeToNode(version.Features),
    };

    private static JsonObject About(ModelVersion version)
    {
        var about = new JsonObject
        {
            ["version"] = version.Version, ["sha256"] = version.Sha256, ["size_bytes"] = version.SizeBytes, ["source"] = version.Source,
        };
        if (version.Kind != ModelVersion.ModelKind)
            about["kind"] = version.Kind;
        if (version.Job is { } job)
            about["job"] = job;
        return about;
    }

    /// <summary>The model as callers get it.</summary>
    public Model View(string etag) => new()
    {
        Name = Name,
        Description = Description,
        Tags = Tags,
        Owner = Owner,
        Settings = Settings,
        Aliases = Aliases,
        DefaultVersion = DefaultVersion,
        LatestVersion = LatestVersion,
        Created = Created,
        Updated = Updated,
        Audit = Audit,
        ETag = etag,
    };
}
