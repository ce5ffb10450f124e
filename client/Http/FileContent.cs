using System.Buffers;
using System.Net;

namespace Larder.Client.Http;

/// <summary>A stream as a request's body, sent piece by piece. The stream stays the caller's: it is not closed, and where it can seek, a repetition sends it again from its place.</summary>
/// <param name="stream">What is sent, from its position on.</param>
/// <param name="progress">Gets the bytes that were sent so far.</param>
internal sealed class FileContent(Stream stream, IProgress<long>? progress = null) : HttpContent
{
    private const int PieceBytes = 128 * 1024;

    private readonly long _start = stream.CanSeek ? stream.Position : 0;

    /// <summary>Whether a body, or each part of a form, can be sent again.</summary>
    public static bool CanBeRepeated(HttpContent? content) => content switch
    {
        FileContent file => file.CanSeek,
        MultipartContent form => form.All(CanBeRepeated),
        _ => true,
    };

    private bool CanSeek => stream.CanSeek;

    /// <inheritdoc />
    protected override bool TryComputeLength(out long length)
    {
        length = stream.CanSeek ? stream.Length - _start : 0;
        return stream.CanSeek;
    }

    /// <inheritdoc />
    protected override Task SerializeToStreamAsync(Stream target, TransportContext? context) => SerializeToStreamAsync(target, context, CancellationToken.None);

    /// <inheritdoc />
    protected override async Task SerializeToStreamAsync(Stream target, TransportContext? context, CancellationToken cancellationToken)
    {
        if (stream.CanSeek)
            stream.Position = _start;
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            long sent = 0;
            while (await stream.ReadAsync(piece, cancellationToken) is > 0 and var read)
            {
                await target.WriteAsync(piece.AsMemory(0, read), cancellationToken);
                progress?.Report(sent += read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
