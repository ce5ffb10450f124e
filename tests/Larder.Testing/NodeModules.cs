namespace Larder.Testing;

/// <summary>Where npm put its packages.</summary>
internal static class NodeModules
{
    /// <summary>The folder of a package, in the first node_modules above the tests that has it.</summary>
    public static string Folder(string package)
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var candidate = Path.Combine(directory.FullName, "node_modules", package);
            if (Directory.Exists(candidate))
                return candidate;
        }

        throw new InvalidOperationException($"No node_modules with {package} above the tests: run `npm ci` in the repository's root.");
    }
}
