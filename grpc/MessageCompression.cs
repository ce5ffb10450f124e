using System.IO.Compression;
using Grpc.Core;
using Grpc.Net.Compression;
using Larder.Registry.Storage;

namespace Larder.Grpc;

/// <summary>A compression of messages whose decompression ends at a limit: a small message can stand for a very large one.</summary>
/// <param name="name">Its name in gRPC.</param>
/// <param name="compress">Compresses.</param>
/// <param name="decompress">Decompresses.</param>
/// <param name="limit">The most bytes of a message that is decompressed.</param>
internal sealed class MessageCompression(string name, Func<Stream, CompressionLevel, Stream> compress, Func<Stream, Stream> decompress, long limit) : ICompressionProvider
{
    /// <inheritdoc />
    public string EncodingName => name;

    /// <summary>Those that are taken: gzip, and deflate, which is the zlib format.</summary>
    public static ICompressionProvider[] All(long limit) =>
    [
        new MessageCompression("gzip", (stream, level) => new GZipStream(stream, level, leaveOpen: true), stream => new GZipStream(stream, CompressionMode.Decompress), limit),
        new MessageCompression("deflate", (stream, level) => new ZLibStream(stream, level, leaveOpen: true), stream => new ZLibStream(stream, CompressionMode.Decompress), limit),
    ];

    /// <inheritdoc />
    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) => compress(stream, compressionLevel ?? CompressionLevel.Fastest);

    /// <inheritdoc />
    public Stream CreateDecompressionStream(Stream stream) => new LimitedStream(decompress(stream), name, limit);

    // gRPC reads it to its end, into memory.
    private sealed class LimitedStream(Stream inner, string name, long limit) : ForwardStream
    {
        private long _read;

        public override int Read(byte[] buffer, int offset, int count)
        {
            try
            {
                return Count(inner.Read(buffer, offset, count));
            }
            catch (InvalidDataException)
            {
                throw Damaged();
            }
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return Count(await inner.ReadAsync(buffer, cancellationToken));
            }
            catch (InvalidDataException)
            {
                throw Damaged();
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }

        private int Count(int read) => (_read += read) <= limit
            ? read
            : throw new RpcException(new Status(StatusCode.ResourceExhausted, $"A message is limited to {limit} bytes when it is decompressed (Limits:PredictionBytes)."));

        private RpcException Damaged() => new(new Status(StatusCode.InvalidArgument, $"The message is not valid {name}."));
    }
}
