using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Inference.Settings;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Samples;

namespace Larder.Registry.Models;

/// <summary>
/// A model as it is stored, and the pure functions that change it. It outlives its deletion as a tombstone, so that its numbers are never given again. Which versions
/// exist is decided here (<see cref="IsVisible"/>), by one compare-and-swap, and never by which version documents are stored.
/// </summary>
internal sealed record ModelDocument
{
    private const int AuditLength = 100;
    private const int MaxAliases = 100;

    // Each adds to the document, which every change writes; 1000 of them have some 60 KB.
    private const int MaxDeletedVersions = 1000;

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

    /// <summary>Versions up to this number were purged with the whole model.</summary>
    public int DeletedThrough { get; init; }

    /// <summary>Versions that are deleted and can be restored (soft delete), by number. Their documents are as they were.</summary>
    public IReadOnlyDictionary<int, Deletion> DeletedVersions { get; init; } = new Dictionary<int, Deletion>();

    /// <summary>Versions that are purged, but whose documents may still have their content.</summary>
    public IReadOnlyList<int> Deleting { get; init; } = [];

    /// <summary>Numbers that publishers took and that never had a version, since the model was deleted when they were to be committed.</summary>
    public IReadOnlyList<int> Skipped { get; init; } = [];

    /// <summary>The model is deleted; publishing under its name brings the name back, not the old versions.</summary>
    public bool Deleted { get; init; }

    /// <summary>Of a deleted model that can be restored (soft delete), and is otherwise as it was: its deletion. Null in a tombstone.</summary>
    public Deletion? Deletion { get; init; }

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

    /// <summary>
    /// The versions that requests get from now on by the default or an alias, the default first, and did not get while the model was as before: not at all, or with other settings.
    /// </summary>
    /// <param name="before">The model before; null when there was none.</param>
    public IEnumerable<int> ServedAnew(ModelDocument? before)
    {
        var known = before is { Deleted: false } && ReferenceEquals(before.Settings, Settings) ? before.Served() : [];
        return Deleted ? [] : Served().Except(known);
    }

    private IEnumerable<int> Served() => Aliases.Values.Prepend(ServedVersion ?? 0).Where(version => version > 0);

    /// <summary>Whether a version is committed and not deleted. It exists when its document does too.</summary>
    public bool IsVisible(int version) =>
        version <= LastVersion && version > DeletedThrough && !DeletedVersions.ContainsKey(version) && !Deleting.Contains(version) && !Skipped.Contains(version);

    /// <summary>The version that an alias points at; null when there is no such alias.</summary>
    public int? Target(string alias) => Aliases.TryGetValue(alias, out var version) ? version : null;

    /// <summary>A new model without a version; null when there is a model of that name. Of a deleted one its numbers and changes are left, as when it is published anew.</summary>
    /// <exception cref="InvalidRequestException">There are too many tags.</exception>
    public static ModelDocument? Create(ModelDocument? read, ModelName name, ModelPatch patch, DateTimeOffset now, string? who)
    {
        if (read is { Deleted: false })
            return null;
        var empty = (read?.Purge() ?? new ModelDocument { Name = name, Created = now, Updated = now }) with { Created = now, Deleted = false };
        var made = empty with { Description = patch.Description ?? "", Owner = patch.Owner, Tags = TagPatch.Apply(empty.Tags, patch.Tags) };
        var record = new AuditRecord { Subject = AuditSubject.OfModel(name), When = now, Who = who, What = "create_model", After = AuditValues.Shown(made.Described()) };
        return made.Log(record, new AuditEntry { When = now, Who = who, What = record.What });
    }

    /// <summary>
    /// The model with a version's number committed: the step that makes a version visible. The model as it was read when the number is committed already.
    /// </summary>
    /// <param name="read">The model; null when there is none yet.</param>
    /// <param name="version">The version, whose document is stored.</param>
    /// <param name="isPublisher">
    /// Whether the version's own publisher commits it; only then it brings back a deleted model's name. For another the number is used up: no caller was told of
    /// the version, and a deleted model must neither come back nor become impossible to restore because of it.
    /// </param>
    /// <returns>Null when the number has no version: the publisher takes another.</returns>
    public static ModelDocument? Commit(ModelDocument? read, ModelVersion version, bool isPublisher)
    {
        var model = read ?? new ModelDocument { Name = version.Model, Created = version.Created, Updated = version.Created };

        // The number may have been that of an earlier version whose document is collected: that version must not come back.
        if (version.Version <= model.DeletedThrough || model.Skipped.Contains(version.Version))
            return null;
        if (version.Version <= model.LastVersion)
            return model;
        if (!model.Deleted)
            return model.Publish(version);
        return isPublisher ? model.Purge().Publish(version) : model.SkipNumber(version.Version);
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
            MakesModel = Deleted || (Outbox.Last == 0 && LastVersion == 0) ? true : null,
            Before = before is null ? null : AuditValues.Shown(before),
            After = AuditValues.Shown(after),
        };
        return published.Log(record, new AuditEntry { When = record.When, Who = record.Who, What = record.What, To = version.Version });
    }

    /// <summary>Of a deleted model: uses up a number that will have no version.</summary>
    private ModelDocument SkipNumber(int number) => Deletion is null
        ? this with { LastVersion = number, DeletedThrough = number, Importing = null }
        : this with { LastVersion = number, Skipped = [.. Skipped, number] };

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
            Subject = AuditSubject.OfVersion(Name, before.Version), When = now, Who = who, What = "update_version", Before = old, After = changed, Tags = TagPatch.Between(before.Tags, after.Tags),
        };
        return Log(record, new AuditEntry { When = now, Who = who, What = record.What, To = before.Version });
    }

    /// <summary>The model with the record that a version does not give the outputs of its samples any more.</summary>
    public ModelDocument LogSampleCheck(int version, SampleCheck check, string? who)
    {
        var record = new AuditRecord
        {
            Subject = AuditSubject.OfVersion(Name, version),
            When = check.When,
            Who = who,
            What = "samples_differ",
            After = AuditValues.Shown(new JsonObject { ["onnx_runtime"] = check.OnnxRuntime, ["difference"] = check.Difference }),
        };
        return Log(record, new AuditEntry { When = check.When, Who = who, What = record.What, To = version });
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

    /// <summary>The model in which a version has one alias of a group, of which a version has one at most.</summary>
    /// <param name="group">The aliases of the group.</param>
    /// <param name="alias">The alias of the group that the version gets; null for none.</param>
    /// <param name="displaced">The alias of the group that the version gets which had the alias until now; null for none.</param>
    /// <param name="version">The version.</param>
    /// <param name="now">When.</param>
    /// <param name="who">Who.</param>
    /// <exception cref="InvalidRequestException">The model has too many aliases.</exception>
    public ModelDocument SetGroupedAlias(IReadOnlyList<string> group, string? alias, string? displaced, int version, DateTimeOffset now, string? who)
    {
        var next = this;
        if (alias is not null)
        {
            if (displaced is not null && Target(alias) is { } other && other != version)
                next = next.SetAlias(displaced, other, now, who);
            next = next.SetAlias(alias, version, now, who);
        }
        foreach (var left in group)
        {
            if (left != alias && next.Target(left) == version)
                next = next.DeleteAlias(left, now, who);
        }

        return next;
    }

    /// <summary>The model without an alias that it has.</summary>
    public ModelDocument DeleteAlias(string alias, DateTimeOffset now, string? who) =>
        (this with { Aliases = Aliases.Where(other => other.Key != alias).ToDictionary() })
            .LogAlias("delete_alias", alias, Target(alias), null, now, who);

    /// <summary>The model with another default version, null for the newest; the same instance when it has that default already.</summary>
    public ModelDocument SetDefault(int? version, DateTimeOffset now, string? who) =>
        version == DefaultVersion ? this : (this with { DefaultVersion = version }).LogDefault(this, now, who);

    /// <summary>The model without a version, which can be restored unless it is purged; then the version's document is still to be emptied (<see cref="FinishDeletion"/>).</summary>
    /// <param name="deleted">The version.</param>
    /// <param name="newestBelow">The newest READY version that is left below it; needed only if the version is the newest itself.</param>
    /// <param name="purge">Whether it can never be restored.</param>
    /// <param name="now">When.</param>
    /// <param name="who">Who.</param>
    public ModelDocument Delete(ModelVersion deleted, int? newestBelow, bool purge, DateTimeOffset now, string? who)
    {
        var version = deleted.Version;
        var pointing = AliasesOf(version);
        var next = this with
        {
            Deleting = purge ? [.. Deleting, version] : Deleting,
            DeletedVersions = purge ? DeletedVersions : DeletedVersions.Append(new(version, new Deletion(now, who))).ToDictionary(),
            Aliases = Aliases.Where(alias => alias.Value != version).ToDictionary(),
            LatestVersion = LatestVersion == version ? newestBelow : LatestVersion,
            DefaultVersion = DefaultVersion == version ? null : DefaultVersion,
        };
        if (next.DeletedVersions.Count > MaxDeletedVersions)
            next = next.PurgeVersions([next.DeletedVersions.MinBy(other => other.Value.When).Key]);
        foreach (var alias in pointing)
            next = next.LogAlias("delete_alias", alias, version, null, now, who);
        if (next.ServedVersion != ServedVersion)
            next = next.LogDefault(this, now, who);
        return next.LogVersion("delete_version", version, About(deleted), purge, now, who);
    }

    /// <summary>The model with a version of <see cref="DeletedVersions"/> as it was before, but for the aliases that pointed at it.</summary>
    public ModelDocument Restore(ModelVersion version, DateTimeOffset now, string? who)
    {
        var next = this with
        {
            DeletedVersions = DeletedVersions.Where(other => other.Key != version.Version).ToDictionary(),
            LatestVersion = version.IsDefaultByItself && !(LatestVersion > version.Version) ? version.Version : LatestVersion,
        };
        if (next.ServedVersion != ServedVersion)
            next = next.LogDefault(this, now, who);
        var record = new AuditRecord
        {
            Subject = AuditSubject.OfVersion(Name, version.Version), When = now, Who = who, What = "restore_version", After = AuditValues.Shown(About(version)),
        };
        return next.Log(record, new AuditEntry { When = now, Who = who, What = record.What, To = version.Version });
    }

    /// <summary>The model whose deleted version can never be restored.</summary>
    public ModelDocument PurgeVersion(int version, DateTimeOffset now, string? who) => PurgeVersions([version]).LogVersion("delete_version", version, null, true, now, who);

    /// <summary>The model without the deleted versions, or all of it, whose time to be restored is over; the same instance when there are none.</summary>
    public ModelDocument PurgeDeletedBefore(DateTimeOffset time)
    {
        if (Deletion?.When < time)
            return Purge();
        var over = DeletedVersions.Where(version => version.Value.When < time).Select(version => version.Key).ToList();
        return over.Count == 0 ? this : PurgeVersions(over);
    }

    private ModelDocument PurgeVersions(IReadOnlyCollection<int> versions) => this with
    {
        Deleting = [.. Deleting, .. versions],
        DeletedVersions = DeletedVersions.Where(other => !versions.Contains(other.Key)).ToDictionary(),
    };

    /// <summary>The model without a number in <see cref="Deleting"/>, once the document of that version is empty.</summary>
    public ModelDocument FinishDeletion(int version) =>
        Deleting.Contains(version) ? this with { Deleting = [.. Deleting.Where(other => other != version)] } : this;

    /// <summary>The deleted model, which can be restored unless it is purged.</summary>
    public ModelDocument DeleteAll(bool purge, DateTimeOffset now, string? who)
    {
        var all = Described();
        all["aliases"] = AuditValues.Of(Aliases);
        all["default_version"] = ServedVersion;
        all["last_version"] = LastVersion;
        var deleted = this with { Deleted = true, Deletion = new Deletion(now, who) };
        var record = new AuditRecord
        {
            Subject = AuditSubject.OfModel(Name),
            When = now,
            Who = who,
            What = "delete_model",
            Before = AuditValues.Between(all, null).Before,
            After = purge ? AuditValues.Shown(Purged()) : null,
        };
        return (purge ? deleted.Purge() : deleted).Log(record, new AuditEntry { When = now, Who = who, What = record.What, From = LatestVersion });
    }

    /// <summary>A model that was deleted and can be restored, as it was.</summary>
    public ModelDocument RestoreAll(DateTimeOffset now, string? who)
    {
        var record = new AuditRecord { Subject = AuditSubject.OfModel(Name), When = now, Who = who, What = "restore_model", After = AuditValues.Shown(Described()) };
        return (this with { Deleted = false, Deletion = null }).Log(record, new AuditEntry { When = now, Who = who, What = record.What, To = LatestVersion });
    }

    /// <summary>The tombstone of a model that was deleted and could be restored.</summary>
    public ModelDocument PurgeAll(DateTimeOffset now, string? who)
    {
        var record = new AuditRecord { Subject = AuditSubject.OfModel(Name), When = now, Who = who, What = "delete_model", After = AuditValues.Shown(Purged()) };
        return Purge().Log(record, new AuditEntry { When = now, Who = who, What = record.What });
    }

    /// <summary>The tombstone of a deleted model: its name, its numbers and its changes.</summary>
    public ModelDocument Purge() => new()
    {
        Name = Name,
        LastVersion = LastVersion,
        DeletedThrough = LastVersion,
        Deleted = true,
        Created = Created,
        Updated = Updated,
        Audit = Audit,
        Outbox = Outbox,
    };

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

    private ModelDocument LogVersion(string what, int version, JsonObject? before, bool purge, DateTimeOffset now, string? who)
    {
        var record = new AuditRecord
        {
            Subject = AuditSubject.OfVersion(Name, version),
            When = now,
            Who = who,
            What = what,
            Before = before is null ? null : AuditValues.Shown(before),
            After = purge ? AuditValues.Shown(Purged()) : null,
        };
        return Log(record, new AuditEntry { When = now, Who = who, What = what, From = version });
    }

    private static JsonObject Purged() => new() { ["purged"] = true };

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
        ["sample_tolerance"] = AuditValues.Of(version.SampleTolerance),
        ["sample_inputs"] = Hash(version, VersionFile.SampleInputs),
        ["sample_outputs"] = Hash(version, VersionFile.SampleOutputs),
    };

    private static JsonNode? Hash(ModelVersion version, string file) => version.Files.FirstOrDefault(known => known.Name == file)?.Sha256;

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
        DeletedVersions = DeletedVersions,
        Deletion = Deletion,
        Created = Created,
        Updated = Updated,
        Audit = Audit,
        ETag = etag,
    };
}
