using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Larder.Registry.Errors;
using Larder.Registry.Storage.Blobs;

namespace Larder.Registry.Backup;

/// <summary>
/// Writes an archive to a stream that need not seek. The same files give the same bytes: their order is the caller's, they have one time, and they are
/// stored as they are, since what a compressor makes of them depends on its version and on the processor.
/// </summary>
internal sealed class ExportWriter(ZipArchive zip, Func<BackupContents, Task> note) : IAsyncDisposable
{
    // The first day that a zip can name.
    private static readonly DateTimeOffset Time = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // A regular file that everyone may read: what a zip says in the upper half on Unix.
    private const int Attributes = unchecked((int)(0x81A4u << 16));

    private readonly List<string> _sums = [];
    private readonly SortedSet<string> _artifacts = new(StringComparer.Ordinal);

    /// <summary>What it has so far.</summary>
    public BackupContents Contents { get; private set; } = new();

    /// <summary>Artifacts that its documents name, in order.</summary>
    public IReadOnlyCollection<string> Artifacts => _artifacts;

    public static async Task<ExportWriter> CreateAsync(Stream output, Func<BackupContents, Task> note, CancellationToken cancellationToken) =>
        new(await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken), note);

    /// <summary>Whether an artifact was not named before.</summary>
    public bool Name(string sha256) => _artifacts.Add(sha256);

    /// <summary>Adds a document.</summary>
    public async Task AddAsync<T>(string file, T value, Func<BackupContents, BackupContents> count, CancellationToken cancellationToken)
    {
        var content = BackupJson.Write(value);
        await using (var entry = await OpenAsync(file, cancellationToken))
            await entry.WriteAsync(content, cancellationToken);
        await AddedAsync(file, Convert.ToHexStringLower(SHA256.HashData(content)), count);
    }

    /// <summary>Adds an artifact.</summary>
    /// <exception cref="ConflictException">Its bytes are not those that its name promises.</exception>
    public async Task AddArtifactAsync(string sha256, Stream content, CancellationToken cancellationToken)
    {
        var file = BackupFormat.ArtifactOf(sha256);
        var before = 0L;
        await using (var verified = new VerifyingStream(content, sha256))
        await using (var entry = await OpenAsync(file, cancellationToken))
        {
            var buffer = new byte[256 * 1024];
            try
            {
                while (await verified.ReadAsync(buffer, cancellationToken) is > 0 and var read)
                {
                    await entry.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                    before += read;
                    await note(Contents with { ArtifactBytes = Contents.ArtifactBytes + before });
                }
            }
            catch (InvalidDataException)
            {
                throw new ConflictException($"The stored artifact {sha256} is damaged: its bytes have another SHA-256.");
            }
        }

        await AddedAsync(file, sha256, contents => contents with { Artifacts = contents.Artifacts + 1, ArtifactBytes = contents.ArtifactBytes + before });
    }

    /// <summary>Adds what the archive says of itself.</summary>
    public async Task CompleteAsync(ExportSelection selection, IReadOnlyList<string> leftOut, CancellationToken cancellationToken)
    {
        var list = Encoding.ASCII.GetBytes(string.Concat(_sums));
        await using (var entry = await OpenAsync(BackupFormat.Sums, cancellationToken))
            await entry.WriteAsync(list, cancellationToken);
        var manifest = new BackupManifest
        {
            Format = BackupFormat.Name,
            FormatVersion = BackupFormat.Version,
            Sha256sums = Convert.ToHexStringLower(SHA256.HashData(list)),
            Contents = Contents,
            Models = selection.Models.Patterns,
            IncludesArtifacts = selection.IncludeArtifacts,
            LeftOut = leftOut,
        };
        await using var last = await OpenAsync(BackupFormat.Manifest, cancellationToken);
        await last.WriteAsync(BackupJson.Write(manifest), cancellationToken);
    }

    public ValueTask DisposeAsync() => zip.DisposeAsync();

    private Task<Stream> OpenAsync(string file, CancellationToken cancellationToken)
    {
        var entry = zip.CreateEntry(file, CompressionLevel.NoCompression);
        entry.LastWriteTime = Time;
        entry.ExternalAttributes = Attributes;
        return entry.OpenAsync(cancellationToken);
    }

    private Task AddedAsync(string file, string sha256, Func<BackupContents, BackupContents> count)
    {
        _sums.Add($"{sha256}  {file}\n");
        Contents = count(Contents);
        return note(Contents);
    }
}
