using System.Diagnostics;

namespace Larder.Infrastructure.Tests;

/// <summary>The folder that has Larder.slnx, found upwards from where the tests run.</summary>
internal static class Repository
{
    private static readonly string[] Generated = ["bin", "obj", "node_modules", ".git", ".data", ".vs", ".idea", "TestResults", "StrykerOutput"];
    private static readonly Lazy<IReadOnlyList<string>> AllFiles = new(() => [.. (FilesOfGit() ?? FilesIn(new(Root()))).Where(file => File.Exists(Path(file)))]);

    /// <summary>The whole path of a file or folder in it.</summary>
    public static string Path(string relative) => System.IO.Path.GetFullPath(relative, Root());

    public static string Read(string relative) => File.ReadAllText(Path(relative));

    /// <summary>
    /// Relative paths, with <c>/</c>, of the files that are in git or would be added. Without git, or in a copy without its history, all files except
    /// those in folders of generated ones.
    /// </summary>
    public static IReadOnlyList<string> Files() => AllFiles.Value;

    private static string[]? FilesOfGit()
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            {
                WorkingDirectory = Root(),
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var errors = git.StandardError.ReadToEndAsync();
            var files = git.StandardOutput.ReadToEnd().Split('\0', StringSplitOptions.RemoveEmptyEntries);
            errors.GetAwaiter().GetResult();
            git.WaitForExit();
            return git.ExitCode == 0 && files.Length > 0 ? files : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static IEnumerable<string> FilesIn(DirectoryInfo folder) =>
        folder.EnumerateFiles().Select(file => System.IO.Path.GetRelativePath(Root(), file.FullName).Replace('\\', '/')).Concat(
            folder.EnumerateDirectories().Where(inner => !Generated.Contains(inner.Name)).SelectMany(FilesIn));

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
