using System.Globalization;
using System.Security.Cryptography;
using Larder.Registry.Errors;
using Larder.Registry.Jobs.Files;

namespace Larder.Orchestrations.Backup.Archives;

/// <summary>
/// A job's file that is written once, from its start to its end, in blocks: it is there when it is committed, whole or not at all. What a writer that crashed had
/// sent is not taken for part of it.
/// </summary>
internal sealed class JobFileWriter(JobFiles files, string job, string path) : Stream
{
    private const int BlockBytes = 8 << 20;

    private readonly MemoryStream _pending = new();
    private readonly List<string> _blocks = [];
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly string _run = Guid.NewGuid().ToString("N");

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Makes what was written the file.</summary>
    /// <param name="contentType">What it is.</param>
    /// <param name="before">Called with its SHA-256 when all is sent and it is not there yet.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<JobFile> CommitAsync(string contentType, Func<string, Task> before, CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken);
        await before(Convert.ToHexStringLower(_hash.GetHashAndReset()));
        return await files.CommitBlocksAsync(job, path, _blocks, contentType, cancellationToken);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _pending.Write(buffer.Span);
        if (_pending.Length >= BlockBytes)
            await SendAsync(cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // The zip's writer does that with a few bytes behind each file: they wait for the next block.
    public override void Write(byte[] buffer, int offset, int count) => _pending.Write(buffer, offset, count);

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _hash.Dispose();
        base.Dispose(disposing);
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        if (_pending.Length == 0)
            return;
        if (_blocks.Count == JobFiles.MaxBlocks)
            throw new TooLargeException($"The archive has more than {(long)JobFiles.MaxBlocks * BlockBytes} bytes, which is the most that a file can have here: export some models at a time.");
        var block = string.Create(CultureInfo.InvariantCulture, $"{_run}-{_blocks.Count:D8}");
        var content = _pending.GetBuffer().AsMemory(0, (int)_pending.Length);
        await files.StageBlockAsync(job, path, block, content, cancellationToken);
        _hash.AppendData(content.Span);
        _blocks.Add(block);
        _pending.SetLength(0);
    }
}
