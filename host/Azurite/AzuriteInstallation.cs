namespace Larder.Host;

/// <summary>Azurite as npm installed it.</summary>
/// <param name="NodeModules">The node_modules folder that holds it.</param>
internal sealed record AzuriteInstallation(string NodeModules)
{
    /// <summary>What Node.js runs.</summary>
    public string Script => Path.Combine(NodeModules, "azurite", "dist", "src", "azurite.js");

    /// <summary>Where its data goes unless a setting says otherwise.</summary>
    public string DefaultLocation => Path.Combine(Path.GetDirectoryName(NodeModules)!, ".data", "azurite");

    /// <summary>The nearest one, from the application's folder upwards; null when there is none.</summary>
    public static AzuriteInstallation? Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (new AzuriteInstallation(Path.Combine(directory.FullName, "node_modules")) is var candidate && File.Exists(candidate.Script))
                return candidate;
        return null;
    }
}
