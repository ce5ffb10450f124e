namespace Larder.Infrastructure.Tests;

/// <summary>The folder that has Larder.slnx, found upwards from where the tests run.</summary>
internal static class Repository
{
    /// <summary>The whole path of a file or folder in it.</summary>
    public static string Path(string relative) => System.IO.Path.GetFullPath(relative, Root());

    public static string Read(string relative) => File.ReadAllText(Path(relative));

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Larder.slnx")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} has Larder.slnx.");
    }
}
