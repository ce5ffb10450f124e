namespace Larder.Orchestrations.Backup.Archives;

/// <summary>
/// Something in storage as a stream that can seek: read in windows, each by one request, so that a zip's directory and the files that are wanted are read and
/// nothing else. It is read asynchronously only, but for what is kept: a zip's directory, which the library reads as it likes.
/// </summary>
/// <param name="length">How many bytes there are.</param>
/// <param name="open">Opens a part: first byte, how many.</param>
/// <param name="windowBytes">What small files share, and what a large one costs a request.</param>
internal sealed class RangeStream(long length, Func<long, long, CancellationToken, Task<Stream>> open, int windowBytes = 4 << 20) : Stream
{
    private readonly byte[] _window = new byte[(int)Math.Min(length, windowBytes)];
    private byte[] _end = [];
    private long _start;
    private int _filled;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get; set; }

    /// <summary>Reads the end, and keeps it.</summary>
    public async Task KeepFromAsync(long offset, CancellationToken cancellationToken)
    {
        var kept = new byte[length - offset];
        await using var content = await open(offset, kept.Length, cancellationToken);
        await content.ReadExactlyAsync(kept, cancellationToken);
        _end = kept;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= length || buffer.IsEmpty)
            return 0;
        if (!IsHere)
            await FillAsync(cancellationToken);
        return Take(buffer.Span);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (Position >= length || buffer.IsEmpty)
            return 0;
        return IsHere ? Take(buffer) : throw new NotSupportedException("It is read asynchronously only.");
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private bool IsHere => IsKept || (Position >= _start && Position < _start + _filled);

    private bool IsKept => Position >= length - _end.Length;

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        _filled = 0;
        var count = (int)Math.Min(_window.Length, length - Position);
        await using var content = await open(Position, count, cancellationToken);
        await content.ReadExactlyAsync(_window.AsMemory(0, count), cancellationToken);
        (_start, _filled) = (Position, count);
    }

    private int Take(Span<byte> buffer)
    {
        var here = IsKept ? _end.AsSpan((int)(Position - (length - _end.Length))) : _window.AsSpan(0, _filled)[(int)(Position - _start)..];
        var count = Math.Min(buffer.Length, here.Length);
        here[..count].CopyTo(buffer);
        Position += count;
        return count;
    }
}
