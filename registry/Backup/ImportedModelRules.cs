using Larder.Inference.Sessions;
using Larder.Registry.Audit;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Text;

namespace Larder.Registry.Backup;

/// <summary>What an imported model must be: what the API would have taken, and whole.</summary>
internal sealed class ImportedModelRules(ImportLimits limits, PublishingOptions publishing)
{
    // Far from where counting on would overflow.
    private const int MaxNumber = 1_000_000_000;
    private const int MaxAliases = 100;
    private const int MaxAudit = 100;
    private const int MaxWord = 64;
    private const int MaxFiles = 16;

    /// <summary>Gives what a check refuses the name of the file.</summary>
    public static void Explained(string file, Action check)
    {
        try
        {
            check();
        }
        catch (InvalidRequestException e)
        {
            throw BackupJson.Unusable(file, e.Message.TrimEnd('.'));
        }
    }

    /// <summary>Looks at a model by itself.</summary>
    public static void Check(string file, string name, ModelDocument model, int versions)
    {
        Require(file, model.Name == name, "it is another model than its folder says");
        Require(file, model is { LastVersion: >= 0 and <= MaxNumber, DeletedThrough: >= 0 } && model.DeletedThrough <= model.LastVersion, "its numbers are out of range");
        Require(file, model.LastVersion - model.DeletedThrough == versions, $"it has {model.LastVersion - model.DeletedThrough} versions, and the archive has {versions} of them");
        Require(file, model.Deleting.Count + model.DeletedVersions.Count + model.Skipped.Count == 0 && model is { Deletion: null, Importing: null, Outbox: { Last: 0, Newest: null, Records.Count: 0 } }, "something of it is under way");
        Require(
            file,
            !model.Deleted || (versions == 0 && model.Aliases.Count == 0 && model is { DefaultVersion: null, LatestVersion: null }),
            "it is deleted, and has versions or aliases");
        Explained(file, () =>
        {
            FieldLimits.ValidateDescription(model.Description);
            FieldLimits.ValidateShort(model.Owner, "owner");
            FieldLimits.ValidateTags(model.Tags);
            SettingsRules.Validate(model.Settings);
            foreach (var alias in model.Aliases.Keys)
                ModelName.ValidateAlias(alias);
        });
        Require(file, model.Aliases.Count <= MaxAliases && !model.Aliases.ContainsKey(ModelName.Default), "it has too many aliases, or one that is called default");
        Require(file, model.Audit.Count <= MaxAudit && model.Audit.All(IsEntry), "its list of changes is none");
    }

    /// <summary>Looks at a version by itself.</summary>
    public void Check(string file, ModelDocument model, int number, VersionDocument document)
    {
        Require(file, number > model.DeletedThrough && number <= model.LastVersion, "the model has never given its number");
        Require(file, document.PublicationKey is null || BackupFormat.IsSha256(document.PublicationKey), "the hash of its key is none");
        if (document.Version is not { } version)
        {
            Require(file, document.Deleted is not null, "it is neither a version nor a deleted one");
            return;
        }

        Require(file, document.Deleted is null && version.Model == model.Name && version.Version == number, "it is another version than its name says");
        Require(file, version.Status == ModelVersionStatus.Ready, "it is not ready to be served");
        Require(file, BackupFormat.IsSha256(version.Sha256), "its sha256 is none");
        Require(file, version.SizeBytes > 0 && version.SizeBytes <= publishing.ModelBytes, $"its model has {version.SizeBytes} bytes; {publishing.ModelBytes} is the most");
        Require(file, version.Manifest is null || IsManifest(version), "its manifest is none, or not the one of its sha256");
        Require(file, version.FileName is null || FieldLimits.FileName(version.FileName) == version.FileName, "its file_name is a path");
        Require(file, IsOther(version.OptimizedFrom) && IsOther(version.OptimizedTo), "it is said to be optimised from, or to, a version that cannot be");
        Require(file, version.Labels.All(label => label is not null), "a label is null");
        Require(file, version.Features is not null, "features is null");
        Require(file, version.SampleTolerance is not null, "sample_tolerance is null");
        Require(file, version.Files.Count <= MaxFiles && version.Files.All(IsFile) && version.Files.DistinctBy(one => one.Name).Count() == version.Files.Count, "a file that comes with it has no name, hash or size that can be");
        Require(file, version.IsServable || version is { Folder.Count: > 0, Manifest: null }, "it is of another framework, and has no folder, or the manifest of a model");
        Require(file, version.Folder is null || IsFolder(version.Folder), "its folder has a file with no path, hash or size that can be");
        Explained(file, () => new PublishRequest
        {
            Source = version.Source,
            FileName = version.FileName,
            Kind = version.Kind,
            Job = version.Job,
            Run = version.Run,
            RunLink = version.RunLink,
            Metrics = version.Metrics,
            Description = version.Description,
            Tags = version.Tags,
            Labels = version.Labels,
            Features = version.Features,
            SampleTolerance = version.SampleTolerance,
            Actor = version.CreatedBy,
        }.Validate());

        bool IsOther(int? other) => other is null || (other is >= 1 and <= MaxNumber && other != number);
    }

    /// <summary>Looks whether what points at versions points at ones that are there.</summary>
    public static void CheckReferences(string file, ModelSnapshot snapshot)
    {
        var there = snapshot.Existing.Select(version => version.Version).ToHashSet();
        var pointing = snapshot.Model.Aliases.Values.Cast<int?>().Append(snapshot.Model.DefaultVersion).Append(snapshot.Model.LatestVersion);
        Require(file, pointing.All(version => version is not { } number || there.Contains(number)), "an alias, the default or the latest version is one that is not there");
    }

    private bool IsFile(VersionFile? file) =>
        file is not null && JobFilePath.IsValid(file.Name) && file.Name.Length <= 256 && BackupFormat.IsSha256(file.Sha256)
        && file.SizeBytes >= 0 && file.SizeBytes <= limits.DocumentBytes;

    private bool IsFolder(IReadOnlyList<VersionFile> folder) =>
        folder.Count is > 0 and <= FolderPublisher.MaxFiles && folder.All(one => one is not null && VersionFile.IsPath(one.Name) && BackupFormat.IsSha256(one.Sha256) && one.SizeBytes >= 0 && one.SizeBytes <= publishing.ModelBytes)
        && folder.DistinctBy(one => one.Name).Count() == folder.Count;

    private static bool IsManifest(ModelVersion version) =>
        version.Manifest is { Count: > 1 and <= ModelFile.Most } files
        && files[0] is { Name: { } first } && !first.Contains('/')
        && files.All(one => one is { Name: { } name, SizeBytes: >= 0 } && ModelFile.IsName(name) && one.SizeBytes <= version.SizeBytes && BackupFormat.IsSha256(one.Sha256))
        && files.Sum(one => one.SizeBytes) == version.SizeBytes && ModelFile.ManifestSha256(files) == version.Sha256;

    private static bool IsEntry(AuditEntry? entry) =>
        entry is { What: { Length: > 0 and <= MaxWord } what } && !what.Any(char.IsControl) && entry.Who is not { Length: > 256 } && entry.Alias is not { Length: > ModelName.MaxLength };

    private static void Require(string file, bool holds, string otherwise)
    {
        if (!holds)
            throw BackupJson.Unusable(file, otherwise);
    }
}
