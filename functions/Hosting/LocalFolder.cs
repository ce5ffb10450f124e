namespace Larder.Functions.Hosting;

/// <summary>
/// A folder on the local disk that no other process uses while this one runs: for uploads being checked and for model files in use.
/// Its contents are a cache and can be lost. A process that starts later reuses a free folder with its contents.
/// </summary>
internal sealed class LocalFolder : IDisposable
{
    private readonly FileStream _claim;

    /// <summary>Claims a free folder.</summary>
    /// <param name="root">Where the folders are.</param>
    public LocalFolder(string root)
    {
        for (var number = 0; ; number++)
        {
            Path = System.IO.Path.Combine(root, $"{number}");
            Directory.CreateDirectory(Path);
            try
            {
                // The operating system releases the lock when the process ends, also after a crash.
                _claim = new FileStream(System.IO.Path.Combine(Path, "claim"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return;
            }
            catch (IOException) when (number < 1000)
            {
                // Another process has it.
            }
        }
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <inheritdoc />
    public void Dispose() => _claim.Dispose();
}
