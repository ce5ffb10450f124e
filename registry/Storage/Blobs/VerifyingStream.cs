using System.Security.Cryptography;

namespace Larder.Registry.Storage.Blobs;

/// <summary>
/// Reads a stream once, from its start, and fails at its end when the bytes do not hash to what was promised: an upload from it is then
/// never committed. It cannot seek, so that the client buffers what it may have to send again.
/// </summary>
internal sealed class VerifyingStream(Stream source, string sha256) : ForwardStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _verified;

    public override int Read(byte[] buffer, int offset, int count) => Hashed(buffer.AsSpan(offset, count)[..source.Read(buffer, offset, count)]);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return 0;
        var read = await source.ReadAsync(buffer, cancellationToken);
        return Hashed(buffer.Span[..read]);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            source.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Hashed(ReadOnlySpan<byte> read)
    {
        if (read.Length > 0)
        {
            _hash.AppendData(read);
        }
        else if (!_verified)
        {
            if (Convert.ToHexStringLower(_hash.GetHashAndReset()) != sha256)
                throw new InvalidDataException("The bytes are not the ones that its SHA-256 promises.");
            _verified = true;
        }

        return read.Length;
    }
}
