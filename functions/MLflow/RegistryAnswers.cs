using System.Globalization;
using Larder.Contracts;
using Larder.Registry.Models;

namespace Larder.Functions.MLflow;

/// <summary>Models and versions of the registry as MLflow's API answers them: what is empty is left out.</summary>
internal static class RegistryAnswers
{
    /// <summary>A model, with the newest versions of its stages.</summary>
    public static MLflowRegisteredModel Of(Model model, IEnumerable<ModelVersion> newest) => new()
    {
        Name = model.Name,
        CreationTimestamp = model.Created.ToUnixTimeMilliseconds(),
        LastUpdatedTimestamp = model.Updated.ToUnixTimeMilliseconds(),
        Description = TextOf(model.Description),
        LatestVersions = MLflowAnswers.ListOf(newest.Select(version => Of(model, version))),
        Tags = MLflowAnswers.Of(model.Tags),
        Aliases = MLflowAnswers.ListOf(AliasesOf(model).Select(alias => new MLflowAlias { Alias = alias.Key, Version = NumberOf(alias.Value) })),
    };

    /// <summary>A version.</summary>
    public static MLflowModelVersion Of(Model model, ModelVersion version) => new()
    {
        Name = version.Model,
        Version = NumberOf(version.Version),
        CreationTimestamp = version.Created.ToUnixTimeMilliseconds(),
        LastUpdatedTimestamp = (version.Updated ?? version.Created).ToUnixTimeMilliseconds(),
        UserId = version.CreatedBy,
        CurrentStage = Stages.Of(model, version.Version),
        Description = TextOf(version.Description),
        Source = VersionSource.Of(version),
        RunId = version.Run,
        RunLink = version.RunLink,
        ModelId = RunModels.ModelIdOf(version.Source),
        Status = version.Status switch
        {
            ModelVersionStatus.Ready => "READY",
            ModelVersionStatus.Pending => "PENDING_REGISTRATION",
            _ => "FAILED_REGISTRATION",
        },
        Tags = MLflowAnswers.Of(version.Tags),
        Aliases = MLflowAnswers.ListOf(AliasesOf(model).Where(alias => alias.Value == version.Version).Select(alias => alias.Key)),
    };

    // A default that a caller set is an alias, too; that of a model which follows its newest version is none.
    private static IEnumerable<KeyValuePair<string, int>> AliasesOf(Model model) =>
        (model.DefaultVersion is { } served ? model.Aliases.Append(new(ModelName.Default, served)) : model.Aliases).OrderBy(alias => alias.Key, StringComparer.Ordinal);

    private static string NumberOf(int version) => version.ToString(CultureInfo.InvariantCulture);

    private static string? TextOf(string text) => text.Length == 0 ? null : text;
}
