using System.Buffers;
using System.Security.Cryptography;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Uploads;

/// <summary>What was uploaded, against what its sender said of it.</summary>
/// <param name="Sha256">What it hashes to.</param>
/// <param name="SizeBytes">How many bytes it has.</param>
internal sealed record UploadedBytes(string Sha256, long SizeBytes)
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>Reads a stream to its end, and keeps nothing of it.</summary>
    /// <exception cref="TooLargeException">It has more bytes than it may have.</exception>
    public static async Task<UploadedBytes> OfAsync(Stream content, string what, long limit, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long size = 0;
            while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                size += read;
                if (size > limit)
                    throw new TooLargeException($"The {what} has more than {limit} bytes, which is the limit.");
                hash.AppendData(buffer, 0, read);
            }

            return new UploadedBytes(Convert.ToHexStringLower(hash.GetHashAndReset()), size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Refuses what is not what was announced.</summary>
    /// <param name="sha256">What it must hash to.</param>
    /// <param name="sizeBytes">The number of bytes that was announced; null when none was.</param>
    /// <exception cref="InvalidRequestException">It is something else: what.</exception>
    public void Require(string sha256, long? sizeBytes)
    {
        if (sizeBytes is { } size && size != SizeBytes)
            throw new InvalidRequestException($"{SizeBytes} bytes were uploaded, and {size} were announced: blocks are missing, or too many.");
        if (Sha256 != sha256)
            throw new InvalidRequestException($"What was uploaded ({SizeBytes} bytes) has the SHA-256 {Sha256}, and not {sha256}: upload it again, or complete it with the right one.");
    }
}
