using System.Reflection;

namespace Larder.Client.Tests.Support;

/// <summary>Files of the repository.</summary>
internal static class RepositoryFiles
{
    private static readonly string Root = typeof(RepositoryFiles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "Repository").Value!;

    /// <summary>The path of one.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative);
}
