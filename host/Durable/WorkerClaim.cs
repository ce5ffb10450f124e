using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Durable;

/// <summary>
/// The name under which this host takes orchestrations: kept on this machine, so that a host that was killed and starts again has its partitions at once.
/// No two processes have the same; a second host of one folder takes a name of its own.
/// </summary>
internal sealed class WorkerClaim : IDisposable
{
    private const int Most = 1000;

    private readonly FileStream _file;

    private WorkerClaim(FileStream file, string id)
    {
        _file = file;
        Id = id;
    }

    public string Id { get; }

    /// <summary>Claims a name below the application's <c>LocalFolder</c>, without that below the folder for temporary files.</summary>
    /// <param name="configuration">The application's configuration.</param>
    /// <param name="account">The storage account: names of one belong to it.</param>
    public static WorkerClaim Take(IConfiguration configuration, string account)
    {
        var root = configuration["LocalFolder"] is { Length: > 0 } folder ? folder : Path.Combine(Path.GetTempPath(), "larder");
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(account)))[..16];
        root = Directory.CreateDirectory(Path.Combine(root, "workers", hash)).FullName;
        for (var number = 0; ; number++)
        {
            try
            {
                // The lock goes with the process, however that ends.
                var file = new FileStream(Path.Combine(root, $"{number}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return new WorkerClaim(file, IdIn(file));
            }
            catch (IOException) when (number < Most)
            {
                // Another process has it.
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private static string IdIn(FileStream file)
    {
        using var reader = new StreamReader(file, leaveOpen: true);
        var id = reader.ReadToEnd();
        if (id.Length == 32)
            return id;
        id = Guid.NewGuid().ToString("N");
        file.SetLength(0);
        file.Write(Encoding.ASCII.GetBytes(id));
        file.Flush(flushToDisk: true);
        return id;
    }
}
