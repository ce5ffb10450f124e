using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Larder.Inference.Limits;
using Larder.Registry.Errors;

namespace Larder.Registry.Publishing;

/// <summary>The staging folder: uploads are on local disk while they are validated.</summary>
/// <param name="options">Where it is, and how much of the disk it leaves free.</param>
public sealed class StagingArea(PublishingOptions options)
{
    private const string Suffix = ".staged";
    private const int BufferBytes = 256 * 1024;
    private const long BytesBetweenDiskChecks = 64 * 1024 * 1024;

    /// <summary>Writes a stream to a new file. Nothing is left of it when that fails.</summary>
    /// <param name="content">Read to its end.</param>
    /// <param name="what">What it is, for messages: <c>model</c>.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="contentLength">How long it says it is, where it says so: refused before a byte is read, when that is too long.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The file; dispose of it in any case.</returns>
    /// <exception cref="TooLargeException">It is longer than it may be; or, as <see cref="NoRoomException"/>, than there is room for.</exception>
    public async Task<StagedFile> AddAsync(Stream content, string what, long limit, long? contentLength = null, CancellationToken cancellationToken = default)
    {
        RequireAllowed(what, contentLength ?? 0, limit);
        var path = OrNoRoom(NewPath);
        RequireRoom(contentLength ?? 0);
        try
        {
            var (sha256, size) = await WriteAsync(path, content, what, limit, cancellationToken);
            return new StagedFile(path, sha256, size);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Hashes a file at a <see cref="NewPath"/>, where it is.</summary>
    /// <param name="path">The file, written and closed.</param>
    /// <param name="what">What it is, for messages: <c>model</c>.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The file; disposing of it deletes it.</returns>
    /// <exception cref="TooLargeException">It has more bytes than it may have.</exception>
    public static async Task<StagedFile> TakeAsync(string path, string what, long limit, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        RequireAllowed(what, file.Length, limit);
        return new StagedFile(path, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)), file.Length);
    }

    /// <summary>A path for a file that the caller writes and deletes; after a crash the garbage collector deletes it.</summary>
    public string NewPath()
    {
        Directory.CreateDirectory(options.StagingFolder);
        return Path.Combine(options.StagingFolder, $"{Guid.NewGuid():N}{Suffix}");
    }

    /// <summary>Deletes files that a crash left: those that were last written before a time.</summary>
    /// <returns>How many.</returns>
    internal int DeleteOlderThan(DateTimeOffset time)
    {
        var folder = new DirectoryInfo(options.StagingFolder);
        if (!folder.Exists)
            return 0;
        var old = folder.EnumerateFiles($"*{Suffix}").Where(file => file.LastWriteTimeUtc < time).ToList();
        old.ForEach(file => file.Delete());
        return old.Count;
    }

    private async Task<(string Sha256, long Size)> WriteAsync(
        string path, Stream content, string what, long limit, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            // The buffer is large already, so the file needs none of its own.
            await using var file = OrNoRoom(() => new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0, useAsync: true));
            long size = 0;
            var checkAt = BytesBetweenDiskChecks;
            while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                size += read;
                RequireAllowed(what, size, limit);
                if (size >= checkAt)
                {
                    RequireRoom(0);
                    checkAt += BytesBetweenDiskChecks;
                }

                hash.AppendData(buffer, 0, read);
                try
                {
                    await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                }
                catch (IOException e) when (FullDisk.Is(e))
                {
                    // There was room when this began: others write there too.
                    throw NoRoom();
                }
            }

            return (Convert.ToHexStringLower(hash.GetHashAndReset()), size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static T OrNoRoom<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (IOException e) when (FullDisk.Is(e))
        {
            throw NoRoom();
        }
    }

    private static NoRoomException NoRoom() => new("The server's disk is full at this moment; try again later.");

    private static void RequireAllowed(string what, long bytes, long limit)
    {
        if (bytes > limit)
            throw new TooLargeException($"The {what} has more than {limit} bytes, which is the limit.");
    }

    private void RequireRoom(long bytes)
    {
        var full = Path.GetFullPath(options.StagingFolder);
        // Unix takes any path and answers for the file system that it is on; Windows wants the drive.
        var drive = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(full)! : full);
        var room = drive.AvailableFreeSpace - options.DiskReserveBytes;
        if (bytes > room || room <= 0)
            throw new NoRoomException($"The server has room for {Math.Max(0, room)} more bytes at this moment, which is not enough; try again later.");
    }
}

/// <summary>An upload on local disk, counted and hashed, not validated yet. Disposing of it deletes the file.</summary>
public sealed class StagedFile : IAsyncDisposable
{
    internal StagedFile(string path, string sha256, long sizeBytes) => (Path, Sha256, SizeBytes) = (path, sha256, sizeBytes);

    /// <summary>The local file.</summary>
    public string Path { get; }

    /// <summary>SHA-256 of its bytes, 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>Its size in bytes.</summary>
    public long SizeBytes { get; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        File.Delete(Path);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Limits and places of publishing.</summary>
public sealed record PublishingOptions
{
    /// <summary>Where uploads wait while they are checked. Local disk; nothing else may live there.</summary>
    [Required(ErrorMessage = "It must not be empty.")]
    public string StagingFolder { get; init; } = Path.Combine(Path.GetTempPath(), "larder", "staging");

    /// <summary>The largest model, in bytes (setting <c>Limits:ModelBytes</c>).</summary>
    [AtLeast(1)]
    public long ModelBytes { get; init; } = 2L * 1024 * 1024 * 1024;

    /// <summary>Bytes of the staging disk that an upload must leave free.</summary>
    [AtLeast(0)]
    public long DiskReserveBytes { get; init; } = 256L * 1024 * 1024;
}
