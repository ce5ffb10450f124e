using Larder.Inference;

namespace Larder.Registry;

/// <summary>
/// A model as it is stored. It outlives its deletion, so that its numbers are never given again: which versions exist is decided here
/// (<see cref="Shows"/>), by one compare-and-swap, and never by which version documents happen to be there.
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

    public int? ServedVersion => DefaultVersion ?? LatestVersion;

    /// <summary>Whether a version is counted and not deleted. It exists when its document does too.</summary>
    public bool Shows(int version) => version <= LastVersion && version > DeletedThrough && !Deleting.Contains(version);

    /// <summary>Makes a version visible whose document is there.</summary>
    public ModelDocument Count(ModelVersion version)
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
        return counted.Log(new AuditEntry { When = version.Created, Who = version.CreatedBy, What = "publish", To = version.Version });
    }

    /// <summary>Of a deleted model: a number that will have no version.</summary>
    public ModelDocument UseUp(int number) => this with { LastVersion = number, DeletedThrough = number, Importing = null };

    /// <summary>Takes a version away.</summary>
    /// <param name="version">The version.</param>
    /// <param name="newestBelow">The newest READY version that is left below it; asked for only if it is the newest itself.</param>
    /// <param name="now">When.</param>
    /// <param name="who">Who.</param>
    public ModelDocument Delete(int version, int? newestBelow, DateTimeOffset now, string? who)
    {
        var pointing = AliasesOf(version);
        var next = this with
        {
            Deleting = [.. Deleting, version],
            Aliases = Aliases.Where(alias => alias.Value != version).ToDictionary(),
            LatestVersion = LatestVersion == version ? newestBelow : LatestVersion,
            DefaultVersion = DefaultVersion == version ? null : DefaultVersion,
        };
        foreach (var alias in pointing)
            next = next.Log(new AuditEntry { When = now, Who = who, What = "delete_alias", Alias = alias, From = version });
        if (next.ServedVersion != ServedVersion)
            next = next.LogDefault(this, now, who);
        return next.Log(new AuditEntry { When = now, Who = who, What = "delete_version", From = version });
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
        };
        return tombstone.Log(new AuditEntry { When = now, Who = who, What = "delete_model", From = LatestVersion });
    }

    public IReadOnlyList<string> AliasesOf(int version) =>
        [.. Aliases.Where(alias => alias.Value == version).Select(alias => alias.Key).Order(StringComparer.Ordinal)];

    /// <summary>Adds an entry to the audit list, and drops the oldest when there are too many.</summary>
    public ModelDocument Log(AuditEntry entry) => this with { Updated = entry.When, Audit = [entry, .. Audit.Take(AuditLength - 1)] };

    /// <summary>Adds that the default is another than it was before.</summary>
    public ModelDocument LogDefault(ModelDocument before, DateTimeOffset now, string? who) => Log(new AuditEntry
    {
        When = now,
        Who = who,
        What = "set_default",
        Alias = ModelName.Default,
        From = before.ServedVersion,
        To = ServedVersion,
    });

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
