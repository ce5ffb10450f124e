using System.Buffers;
using System.Security.Cryptography;
using Larder.Inference.Limits;

namespace Larder.Inference.Sessions;

/// <summary>
/// Models on the local disk, named by their SHA-256: files, and folders for models of several files. A file gets its name only when all its bytes were written and hashed, and one that an earlier
/// process left is hashed again before its first use. Kept to <see cref="InferenceLimits.ArtifactCacheBytes"/>: the least recently used are deleted
/// first, but never files in use, so that these may exceed the limit.
/// </summary>
public sealed class ArtifactFileCache
{
    private const string Unfinished = ".part";
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly string _directory;
    private readonly ArtifactFetch _fetch;
    private readonly long _limit;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CachedFile> _files = [];

    /// <param name="directory">Folder of the files; created if missing. Not shared with other programs.</param>
    /// <param name="fetch">Downloads an artifact.</param>
    /// <param name="limits">Validated limits.</param>
    /// <param name="timeProvider">Clock of the last use of files.</param>
    public ArtifactFileCache(string directory, ArtifactFetch fetch, InferenceLimits limits, TimeProvider timeProvider)
    {
        _directory = directory;
        _fetch = fetch;
        _limit = limits.ArtifactCacheBytes;
        _time = timeProvider;
        Adopt();
    }

    /// <summary>Bytes of all files.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _files.Values.Sum(file => file.Bytes);
        }
    }

    /// <summary>Returns a verified local file, which is downloaded if needed.</summary>
    /// <param name="sha256">64 lower-case hexadecimal digits.</param>
    /// <param name="bytes">The artifact's size.</param>
    /// <param name="cancellationToken">Cancels a fetch.</param>
    /// <exception cref="ArtifactCorruptException">The bytes do not have this SHA-256. They are deleted.</exception>
    public Task<ArtifactFile> RentAsync(string sha256, long bytes, CancellationToken cancellationToken) => RentAsync(sha256, bytes, [], cancellationToken);

    /// <inheritdoc cref="RentAsync(string, long, CancellationToken)"/>
    /// <param name="sha256">64 lower-case hexadecimal digits.</param>
    /// <param name="bytes">The size of all files.</param>
    /// <param name="manifest">The files of a model of several, whose SHA-256 the first parameter is; empty for a model of one.</param>
    /// <param name="cancellationToken">Cancels a fetch.</param>
    public async Task<ArtifactFile> RentAsync(string sha256, long bytes, IReadOnlyList<ModelFile> manifest, CancellationToken cancellationToken)
    {
        var rented = new ArtifactFile(this, Take(sha256, out var file), manifest);
        try
        {
            if (!file.Verified)
            {
                using (await TurnAsync(file, cancellationToken))
                {
                    if (!file.Verified)
                        await PrepareAsync(file, bytes, manifest, cancellationToken);
                }
            }

            return rented;
        }
        catch
        {
            rented.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Moves a local file, or a folder with the files of a model, into the cache. The caller has verified its SHA-256, so the first use needs no download. If the cache has
    /// the artifact already, the file is deleted.
    /// </summary>
    public void Add(string path, string sha256)
    {
        using var rented = new ArtifactFile(this, Take(sha256, out var file), []);
        if (file.Verified)
        {
            Delete(path);
            return;
        }

        MakeRoom(SizeOf(path));
        Move(path, file.Path);
        Complete(file);
    }

    /// <summary>
    /// A file that was derived from an artifact on this machine: in a folder with the key's name, named by its own SHA-256, which is verified before the first use in a process.
    /// </summary>
    /// <param name="key">64 lower-case hexadecimal digits, of all that the file depends on.</param>
    /// <param name="cancellationToken">Ends the verification.</param>
    /// <returns>Null when there is none, or when it is damaged: then it is deleted.</returns>
    internal async Task<ArtifactFile?> TryRentDerivedAsync(string key, CancellationToken cancellationToken)
    {
        Take(key, out var file);
        try
        {
            using (await TurnAsync(file, cancellationToken))
            {
                var path = DerivedIn(file.Path);
                if (path is not null && (file.Verified || await HashAsync(path, cancellationToken) == Path.GetFileName(path)))
                {
                    file.Verified = true;
                    return new ArtifactFile(this, Share(file), path);
                }

                Remove(file);
            }
        }
        finally
        {
            Return(file);
        }

        return null;
    }

    /// <summary>A name to write a derived file under, for <see cref="AddDerivedAsync"/>.</summary>
    internal string NewDerived(string key) => Path.Combine(_directory, $"{key}.{Guid.NewGuid():n}{Unfinished}");

    /// <summary>Takes in a derived file, unless the key has one or there is no room beside the files in use.</summary>
    internal async Task AddDerivedAsync(string key, string path, CancellationToken cancellationToken)
    {
        var folder = NewDerived(key);
        Take(key, out var file);
        try
        {
            using (await TurnAsync(file, cancellationToken))
            {
                if (file.Verified || !MakeRoom(SizeOf(path) - file.Bytes))
                    return;
                Directory.CreateDirectory(folder);
                File.Move(path, Path.Combine(folder, await HashAsync(path, cancellationToken)));
                Move(folder, file.Path);
                Complete(file);
            }
        }
        finally
        {
            Delete(folder);
            Return(file);
        }
    }

    /// <summary>Deletes a derived file.</summary>
    internal void RemoveDerived(string key)
    {
        Take(key, out var file);
        Remove(file);
        Return(file);
    }

    internal CachedFile Share(CachedFile file)
    {
        lock (_gate)
            file.Users++;
        return file;
    }

    internal void Return(CachedFile file)
    {
        lock (_gate)
        {
            file.Users--;
            file.LastUsed = _time.GetUtcNow();
            if (file.Users == 0 && file.Bytes == 0)
                _files.Remove(file.Sha256);
        }
    }

    private void Adopt()
    {
        Directory.CreateDirectory(_directory);
        foreach (var found in new DirectoryInfo(_directory).EnumerateFileSystemInfos())
        {
            if (IsSha256(found.Name))
                _files[found.Name] = new CachedFile(found.Name, found.FullName) { Bytes = SizeOf(found.FullName), LastUsed = found.LastWriteTimeUtc };
            else if (found.Name.EndsWith(Unfinished, StringComparison.Ordinal) && found.LastWriteTimeUtc < _time.GetUtcNow().AddDays(-1))
                Delete(found.FullName); // Left by a process that was killed; a younger one may belong to another that is running.
        }
    }

    private CachedFile Take(string sha256, out CachedFile file)
    {
        // It is used as a file name.
        if (!IsSha256(sha256))
            throw new ArgumentException("Not a SHA-256 in 64 lower-case hexadecimal digits.", nameof(sha256));
        lock (_gate)
        {
            if (!_files.TryGetValue(sha256, out file!))
                _files[sha256] = file = new CachedFile(sha256, Path.Combine(_directory, sha256));
            file.Users++;
            return file;
        }
    }

    private static bool IsSha256(string text) => text.Length == 64 && !text.AsSpan().ContainsAnyExcept(HexDigits);

    private async Task PrepareAsync(CachedFile file, long bytes, IReadOnlyList<ModelFile> manifest, CancellationToken cancellationToken)
    {
        var parts = manifest.Count == 0 ? [(file.Path, file.Sha256)] : manifest.Select(one => (Path.Combine(file.Path, one.Name), one.Sha256)).ToList();
        foreach (var (path, sha256) in parts)
        {
            if (File.Exists(path) && await HashAsync(path, cancellationToken) == sha256)
                continue;
            await FetchAsync(file, bytes, manifest, cancellationToken);
            break;
        }

        Complete(file);
    }

    // One caller verifies, downloads or writes a file at a time.
    private static async Task<Turn> TurnAsync(CachedFile file, CancellationToken cancellationToken)
    {
        await file.Preparing.WaitAsync(cancellationToken);
        return new Turn(file.Preparing);
    }

    private static string? DerivedIn(string folder) =>
        Directory.Exists(folder) && Directory.GetFiles(folder) is [var only] && IsSha256(Path.GetFileName(only)) ? only : null;

    private void Remove(CachedFile file)
    {
        lock (_gate)
        {
            (file.Verified, file.Bytes) = (false, 0);
            Delete(file.Path);
        }
    }

    private async Task FetchAsync(CachedFile file, long bytes, IReadOnlyList<ModelFile> manifest, CancellationToken cancellationToken)
    {
        MakeRoom(bytes - file.Bytes);
        var unfinished = $"{file.Path}.{Guid.NewGuid():n}{Unfinished}";
        try
        {
            if (manifest.Count == 0)
                await FetchAsync(unfinished, file.Sha256, bytes, cancellationToken);
            foreach (var one in manifest)
            {
                var path = Path.Combine(unfinished, one.Name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await FetchAsync(path, one.Sha256, one.SizeBytes, cancellationToken);
            }

            Move(unfinished, file.Path);
        }
        finally
        {
            // No effect if it was moved.
            Delete(unfinished);
        }
    }

    private async Task FetchAsync(string path, string sha256, long bytes, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, useAsync: true);
        await using var verifying = new VerifyingStream(stream, bytes);
        await _fetch(sha256, verifying, cancellationToken);
        if (verifying.Sha256() != sha256)
            throw new ArtifactCorruptException($"The artifact with SHA-256 {sha256} came with other bytes.");
    }

    private static void Delete(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);
    }

    private static void Move(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Move(from, to, overwrite: true);
            return;
        }

        Delete(to);
        Directory.Move(from, to);
    }

    private static long SizeOf(string path) =>
        Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) : new FileInfo(path).Length;

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, useAsync: true);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
    }

    private void Complete(CachedFile file)
    {
        lock (_gate)
            file.Bytes = SizeOf(file.Path);
        file.Verified = true;
    }

    // False when the files in use leave too little.
    private bool MakeRoom(long bytes)
    {
        lock (_gate)
        {
            var excess = _files.Values.Sum(file => file.Bytes) + bytes - _limit;
            foreach (var file in _files.Values.Where(file => file.Users == 0).OrderBy(file => file.LastUsed).ToList())
            {
                if (excess <= 0)
                    break;
                // Under the lock, so that the file is not rented meanwhile.
                Delete(file.Path);
                _files.Remove(file.Sha256);
                excess -= file.Bytes;
            }

            return excess <= 0;
        }
    }

    private readonly struct Turn(SemaphoreSlim preparing) : IDisposable
    {
        public void Dispose() => preparing.Release();
    }
}

/// <summary>Downloads a model file: writes the bytes of the artifact with this SHA-256 to a stream.</summary>
public delegate Task ArtifactFetch(string sha256, Stream destination, CancellationToken cancellationToken);

/// <summary>A verified local file that is not deleted before this is disposed.</summary>
public sealed class ArtifactFile : IDisposable
{
    private readonly ArtifactFileCache _cache;
    private CachedFile? _file;

    internal ArtifactFile(ArtifactFileCache cache, CachedFile file, IReadOnlyList<ModelFile> manifest)
        : this(cache, file, manifest is [var first, ..] ? System.IO.Path.Combine(file.Path, first.Name) : file.Path)
    {
    }

    internal ArtifactFile(ArtifactFileCache cache, CachedFile file, string path) => (_cache, _file, Path) = (cache, file, path);

    /// <summary>Path of the file; of several, of the first, with the others in the same folder.</summary>
    public string Path { get; }

    /// <summary>The same file for another user, who disposes of it too.</summary>
    public ArtifactFile Share()
    {
        _cache.Share(_file!);
        return new ArtifactFile(_cache, _file!, Path);
    }

    /// <summary>Marks the content as suspect: it is verified again before its next use.</summary>
    public void Distrust()
    {
        if (_file is { } file)
            file.Verified = false;
    }

    /// <summary>Allows the cache to delete the file.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _file, null) is { } file)
            _cache.Return(file);
    }
}

/// <summary>State of one file of the <see cref="ArtifactFileCache"/>. Counters change under the cache's lock.</summary>
internal sealed class CachedFile(string sha256, string path)
{
    public string Sha256 { get; } = sha256;

    public string Path { get; } = path;

    /// <summary>One caller verifies or downloads at a time.</summary>
    public SemaphoreSlim Preparing { get; } = new(1);

    /// <summary>Whether this process has verified the content.</summary>
    public volatile bool Verified;

    /// <summary>Bytes on disk; 0 until the file exists.</summary>
    public long Bytes { get; set; }

    public int Users { get; set; }

    public DateTimeOffset LastUsed { get; set; }
}

/// <summary>Hashes what is written to a file, and refuses more bytes than were promised.</summary>
internal sealed class VerifyingStream(Stream file, long expectedBytes) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _written;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _written;

    public override long Position
    {
        get => _written;
        set => throw new NotSupportedException();
    }

    /// <summary>SHA-256 of everything written, as 64 lower-case hexadecimal digits.</summary>
    public string Sha256() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Count(buffer);
        file.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Count(buffer.Span);
        return file.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => file.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => file.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _hash.Dispose();
        base.Dispose(disposing);
    }

    private void Count(ReadOnlySpan<byte> buffer)
    {
        _written += buffer.Length;
        if (_written > expectedBytes)
            throw new ArtifactCorruptException($"The artifact has more than the {expectedBytes} bytes that were promised.");
        _hash.AppendData(buffer);
    }
}
