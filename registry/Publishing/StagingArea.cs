using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.IO.Hashing;
using System.Security.Cryptography;
using Larder.Inference;
using Larder.Inference.Limits;
using Larder.Inference.Sessions;
using Larder.Registry.Errors;
using Larder.Registry.Text;

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
            var written = await WriteAsync(path, content, what, 0, limit, cancellationToken);
            return new StagedFile(path, written);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Puts a staged model into a folder with the other files in which it keeps tensors.</summary>
    /// <param name="model">The model's own file, which goes into the folder.</param>
    /// <param name="fileName">What it is called there.</param>
    /// <param name="dataFiles">The names of the other files (<see cref="ModelFile.IsName"/>).</param>
    /// <param name="open">Opens another file; null when there is none of that name.</param>
    /// <param name="limit">The most bytes that all files may have.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>All of them as one; dispose of it in any case.</returns>
    /// <exception cref="TooLargeException">They are longer than they may be, or than there is room for.</exception>
    /// <exception cref="InvalidModelException">A file is missing, or cannot be beside another.</exception>
    internal async Task<StagedFile> AddDataAsync(
        StagedFile model, string fileName, IReadOnlyCollection<string> dataFiles, Func<string, CancellationToken, Task<Stream?>> open, long limit, CancellationToken cancellationToken)
    {
        RequireOneFolder([fileName, .. dataFiles]);
        var folder = OrNoRoom(NewPath);
        try
        {
            OrNoRoom(() => Directory.CreateDirectory(folder));
            File.Move(model.Path, Path.Combine(folder, fileName));
            var files = new List<ModelFile> { new(fileName, model.Sha256, model.SizeBytes, model.Crc32) };
            foreach (var name in dataFiles.Order(StringComparer.Ordinal))
            {
                await using var content = await open(name, cancellationToken)
                    ?? throw new InvalidModelException($"The model keeps its data in the file {Quoted.Text(name)}, which did not come with it: send all files that it names in one archive or folder, with those names.");
                var path = Path.Combine(folder, name);
                OrNoRoom(() => Directory.CreateDirectory(Path.GetDirectoryName(path)!));
                var written = await WriteAsync(path, content, "model, with all its files,", files.Sum(file => file.SizeBytes), limit, cancellationToken);
                files.Add(new ModelFile(name, written.Sha256, written.Size, written.Crc32));
            }

            return new StagedFile(folder, files);
        }
        catch
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
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
        var crc32 = new Crc32();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        while (await file.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
            crc32.Append(buffer.AsSpan(0, read));
        }

        return new StagedFile(path, new Written(Convert.ToHexStringLower(hash.GetHashAndReset()), file.Length, crc32.GetCurrentHashAsUInt32()));
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
        var old = folder.EnumerateFileSystemInfos($"*{Suffix}").Where(file => file.LastWriteTimeUtc < time).ToList();
        old.ForEach(file => Delete(file.FullName));
        return old.Count;
    }

    /// <summary>Deletes a file, or a folder with all that is in it.</summary>
    internal static void Delete(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);
    }

    // On some systems names that differ in case only are the same, and nowhere can a file be a folder as well.
    private static void RequireOneFolder(List<string> names)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (names.Find(name => !seen.Add(name)) is { } twice)
            throw new InvalidModelException($"Two of the model's files would be called {Quoted.Text(twice)}.");
        if (names.Find(name => seen.Any(other => other.StartsWith($"{name}/", StringComparison.OrdinalIgnoreCase))) is { } folder)
            throw new InvalidModelException($"The model names {Quoted.Text(folder)} both as a file and as a folder.");
    }

    private async Task<Written> WriteAsync(
        string path, Stream content, string what, long before, long limit, CancellationToken cancellationToken)
    {
        var crc32 = new Crc32();
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
                RequireAllowed(what, before + size, limit);
                if (size >= checkAt)
                {
                    RequireRoom(0);
                    checkAt += BytesBetweenDiskChecks;
                }

                hash.AppendData(buffer, 0, read);
                crc32.Append(buffer.AsSpan(0, read));
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

            return new Written(Convert.ToHexStringLower(hash.GetHashAndReset()), size, crc32.GetCurrentHashAsUInt32());
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

/// <summary>What was learned about a file while it was written.</summary>
internal sealed record Written(string Sha256, long Size, uint Crc32);

/// <summary>An upload on local disk, counted and hashed, not validated yet: a file, or the folder of a model of several files. Disposing of it deletes it.</summary>
public sealed class StagedFile : IAsyncDisposable
{
    internal StagedFile(string path, Written written) =>
        (Path, Root, Sha256, SizeBytes, Crc32) = (path, path, written.Sha256, written.Size, written.Crc32);

    internal StagedFile(string folder, IReadOnlyList<ModelFile> files)
    {
        (Root, Path, Files) = (folder, System.IO.Path.Combine(folder, files[0].Name), files);
        (Sha256, SizeBytes) = (ModelFile.ManifestSha256(files), files.Sum(file => file.SizeBytes));
    }

    /// <summary>The local file; of several, the model's own.</summary>
    public string Path { get; }

    /// <summary>SHA-256 of its bytes, or of its manifest, 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>The size of all its files in bytes.</summary>
    public long SizeBytes { get; }

    /// <summary>The manifest of a model of several files; empty for one file.</summary>
    public IReadOnlyList<ModelFile> Files { get; } = [];

    /// <summary>The file, or the folder of several.</summary>
    internal string Root { get; }

    /// <summary>CRC-32 of a single file.</summary>
    internal uint Crc32 { get; }

    /// <summary>Every file, with its SHA-256.</summary>
    internal IEnumerable<(string Path, string Sha256)> Artifacts =>
        Files.Count == 0 ? [(Path, Sha256)] : Files.Select(file => (System.IO.Path.Combine(Root, file.Name), file.Sha256));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        StagingArea.Delete(Root);
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
