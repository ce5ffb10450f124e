namespace Larder.Registry.Models;

/// <summary>Where clients of MLflow find the files of a version.</summary>
public static class VersionSource
{
    /// <summary>The name below which versions are among the artifacts; no experiment can have it as its id.</summary>
    public const string Root = "models";

    // As MLflow's clients write the sources of versions.
    private static readonly string[] Schemes = ["runs:", "mlflow-artifacts:", "models:"];

    /// <summary>The source that MLflow's API says: the one that a client gave, or the folder of the version's files.</summary>
    public static string Of(ModelVersion version) =>
        Schemes.Any(scheme => version.Source.StartsWith(scheme, StringComparison.Ordinal)) ? version.Source : UriOf(version);

    /// <summary>The folder of a version's files.</summary>
    public static string UriOf(ModelVersion version) => $"mlflow-artifacts:/{Root}/{version.Model}/{version.Version}";
}
