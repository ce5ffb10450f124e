using System.Reflection;

namespace Larder.Client.Tests.Support;

/// <summary>Files of the repository.</summary>
internal static class RepositoryFiles
{
    /// <summary>The program of the command line.</summary>
    public static string Cli => Metadata("Cli");

    /// <summary>The path of a file.</summary>
    public static string PathOf(string relative) => Path.Combine(Metadata("Repository"), relative);

    private static string Metadata(string key) => typeof(RepositoryFiles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
