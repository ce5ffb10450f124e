using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>What was uploaded, against what its sender said of it.</summary>
internal static class UploadedBytes
{
    /// <summary>Refuses what is not what was announced.</summary>
    /// <param name="staged">What came.</param>
    /// <param name="sha256">What it must hash to.</param>
    /// <param name="sizeBytes">How many bytes it must have, if anybody said so.</param>
    /// <exception cref="InvalidRequestException">It is something else: what.</exception>
    public static void Require(StagedFile staged, string sha256, long? sizeBytes)
    {
        if (sizeBytes is { } size && size != staged.SizeBytes)
            throw new InvalidRequestException($"{staged.SizeBytes} bytes were uploaded, and {size} were announced: blocks are missing, or too many.");
        if (staged.Sha256 != sha256)
            throw new InvalidRequestException($"What was uploaded ({staged.SizeBytes} bytes) has the SHA-256 {staged.Sha256}, and not {sha256}: upload it again, or complete it with the right one.");
    }
}
