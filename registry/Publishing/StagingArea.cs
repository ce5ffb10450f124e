using System.Buffers;
using System.Security.Cryptography;

namespace Larder.Registry;

/// <summary>The folder where uploads wait while they are checked.</summary>
internal sealed class StagingArea(PublishingOptions options)
{
    private const string Suffix = ".staged";
    private const int BufferBytes = 256 * 1024;
    private const long BytesBetweenDiskChecks = 64 * 1024 * 1024;

    /// <summary>Writes a stream to a new file. Nothing is left of it when that fails.</summary>
    /// <param name="content">Read to its end.</param>
    /// <param name="contentLength">How long it says it is, where it says so: refused before a byte is read, when that is too long.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="TooLargeException">It is longer than a model may be, or than there is room for.</exception>
    public async Task<StagedModel> AddAsync(Stream content, long? contentLength, CancellationToken cancellation)
    {
        RequireAllowed(contentLength ?? 0);
        Directory.CreateDirectory(options.StagingFolder);
        RequireRoom(contentLength ?? 0);

        var path = Path.Combine(options.StagingFolder, $"{Guid.NewGuid():N}{Suffix}");
        try
        {
            var (sha256, size) = await WriteAsync(path, content, cancellation);
            return size > 0
                ? new StagedModel(path, sha256, size)
                : throw new InvalidRequestException("The model is empty: send the bytes of an ONNX file.");
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Deletes what a crash left: files that nobody has written to since.</summary>
    /// <returns>How many.</returns>
    public int DeleteOlderThan(DateTimeOffset time)
    {
        var folder = new DirectoryInfo(options.StagingFolder);
        if (!folder.Exists)
            return 0;
        var old = folder.EnumerateFiles($"*{Suffix}").Where(file => file.LastWriteTimeUtc < time).ToList();
        old.ForEach(file => file.Delete());
        return old.Count;
    }

    private async Task<(string Sha256, long Size)> WriteAsync(string path, Stream content, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            // The buffer is large already, so the file needs none of its own.
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0, useAsync: true);
            long size = 0;
            var checkAt = BytesBetweenDiskChecks;
            while (await content.ReadAsync(buffer, cancellation) is > 0 and var read)
            {
                size += read;
                RequireAllowed(size);
                if (size >= checkAt)
                {
                    RequireRoom(0);
                    checkAt += BytesBetweenDiskChecks;
                }

                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }

            return (Convert.ToHexStringLower(hash.GetHashAndReset()), size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void RequireAllowed(long bytes)
    {
        if (bytes > options.ModelBytes)
            throw new TooLargeException($"The model has more than {options.ModelBytes} bytes, which is the limit.");
    }

    private void RequireRoom(long bytes)
    {
        var full = Path.GetFullPath(options.StagingFolder);
        // Unix takes any path and answers for the file system that it is on; Windows wants the drive.
        var drive = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(full)! : full);
        var room = drive.AvailableFreeSpace - options.DiskReserveBytes;
        if (bytes > room || room <= 0)
            throw new TooLargeException($"The server has room for {Math.Max(0, room)} more bytes at this moment, which is not enough; try again later.");
    }
}
