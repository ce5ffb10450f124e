using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Inference.Settings;
using Larder.Registry.Audit;

namespace Larder.Registry.Models;

/// <summary>
/// A model as it is stored. It outlives its deletion, so that its numbers are never given again: which versions exist is decided here
/// (<see cref="IsVisible"/>), by one compare-and-swap, and never by which version documents happen to be there.
/// </summary>
internal sealed record ModelDocument
{
    private const int AuditLength = 100;

    public required string Name { get; init; }

    public string Description { get; init; } = "";

    public string? Owner { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    public ModelSettings Settings { get; init; } = new();

    public IReadOnlyDictionary<string, int> Aliases { get; init; } = new Dictionary<string, int>();

    /// <summary>The default that someone set.</summary>
    public int? DefaultVersion { get; init; }

    /// <summary>The newest READY version that exists, optimised ones aside.</summary>
    public int? LatestVersion { get; init; }

    /// <summary>The highest number ever given. It never goes down.</summary>
    public int LastVersion { get; init; }

    /// <summary>Versions up to here went when the whole model was deleted.</summary>
    public int DeletedThrough { get; init; }

    /// <summary>Versions that are deleted, but whose documents may not say so yet.</summary>
    public IReadOnlyList<int> Deleting { get; init; } = [];

    /// <summary>The model is deleted; publishing under its name brings the name back, not the old versions.</summary>
    public bool Deleted { get; init; }

    /// <summary>
    /// Id of the job that is importing the model. It counts as deleted until that is done, so that nobody sees half of it; version documents may be there
    /// already, and the sweeper leaves them while the job runs.
    /// </summary>
    public string? Importing { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Updated { get; init; }

    /// <summary>The newest first.</summary>
    public IReadOnlyList<AuditEntry> Audit { get; init; } = [];

    /// <summary>Records of changes that may not be in the log yet.</summary>
    public AuditOutbox Outbox { get; init; } = new();

    public int? ServedVersion => DefaultVersion ?? LatestVersion;

    /// <summary>Whether a version is counted and not deleted. It exists when its document does too.</summary>
    public bool IsVisible(int version) => version <= LastVersion && version > DeletedThrough && !Deleting.Contains(version);

    /// <summary>Makes a version visible whose document is there.</summary>
    public ModelDocument Publish(ModelVersion version)
    {
        var counted = this with
        {
            LastVersion = version.Version,
            // Nobody asked for an optimised graph to be served in the place of what it was made from.
            LatestVersion = version.IsDefaultByItself ? version.Version : LatestVersion,
            Created = Deleted ? version.Created : Created,
            Deleted = false,
            Importing = null,
        };
        var (before, after) = ((JsonObject?)null, About(version));
        if (counted.ServedVersion != ServedVersion)
        {
            before = ServedVersion is { } served ? new JsonObject { ["default_version"] = served } : null;
            after["default_version"] = counted.ServedVersion;
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
        return counted.Log(record, new AuditEntry { When = record.When, Who = record.Who, What = record.What, To = version.Version });
    }

    /// <summary>Of a deleted model: a number that will have no version.</summary>
    public ModelDocument SkipNumber(int number) => this with { LastVersion = number, DeletedThrough = number, Importing = null };

    /// <summary>Takes a version away.</summary>
    /// <param name="deleted">The version.</param>
    /// <param name="newestBelow">The newest READY version that is left below it; asked for only if it is the newest itself.</param>
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

    /// <summary>What is left of a deleted model: its name, its numbers and who did what.</summary>
    /// <param name="through">The highest number that was ever given or is being given.</param>
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

    public IReadOnlyList<string> AliasesOf(int version) =>
        [.. Aliases.Where(alias => alias.Value == version).Select(alias => alias.Key).Order(StringComparer.Ordinal)];

    /// <summary>Adds that what describes the model is other than it was; the document as it was before when it is not.</summary>
    public ModelDocument LogUpdate(ModelDocument before, DateTimeOffset now, string? who)
    {
        var (was, isNow) = AuditValues.Between(before.Described(), Described());
        if (was is null && isNow is null)
            return before;
        var record = new AuditRecord { Subject = AuditSubject.OfModel(Name), When = now, Who = who, What = "update", Before = was, After = isNow };
        return Log(record, new AuditEntry { When = now, Who = who, What = record.What });
    }

    /// <summary>Adds that an alias points elsewhere.</summary>
    public ModelDocument LogAlias(string what, string alias, int? from, int? to, DateTimeOffset now, string? who)
    {
        var record = new AuditRecord
        {
            Subject = AuditSubject.OfAlias(Name, alias), When = now, Who = who, What = what, Before = Pointing(from), After = Pointing(to),
        };
        return Log(record, new AuditEntry { When = now, Who = who, What = what, Alias = alias, From = from, To = to });

        static JsonElement? Pointing(int? version) => version is null ? null : AuditValues.Shown(new JsonObject { ["version"] = version });
    }

    /// <summary>Adds that the default is another than it was before.</summary>
    public ModelDocument LogDefault(ModelDocument before, DateTimeOffset now, string? who)
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

    /// <summary>Adds a change to both lists: in short, where the oldest is dropped when there are too many, and as it goes into the log.</summary>
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
