using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Larder.Inference.Tensors;

namespace Larder.Inference.Caching;

/// <summary>
/// SHA-256 of the inputs of a prediction, by which the outputs of one loaded model are found again: which of the inputs have a value, their shapes and their elements, bit by bit. Two requests of one
/// key are the same request, in whatever protocol they came.
/// </summary>
/// <param name="High">The first half.</param>
/// <param name="Low">The second half.</param>
public readonly record struct ResponseKey(UInt128 High, UInt128 Low)
{
    // The inputs of a small model are hashed in one call, which costs half of one that is fed in parts.
    private const int PartBytes = 1024;

    /// <summary>The key of inputs that are filled.</summary>
    public static ResponseKey Of(PredictionInputs inputs)
    {
        var parts = new Parts(stackalloc byte[PartBytes]);
        // Names, datatypes and ranks are the model's.
        foreach (var tensor in inputs.All)
        {
            parts.Add([tensor.HasValue ? (byte)1 : (byte)0]);
            if (!tensor.HasValue)
                continue;
            parts.Add(MemoryMarshal.AsBytes(tensor.Shape));
            parts.Add(MemoryMarshal.AsBytes(tensor.TextEnds));
            parts.Add(tensor.Data);
        }

        return parts.End();
    }

    private ref struct Parts(Span<byte> buffer)
    {
        private readonly Span<byte> _buffer = buffer;
        private IncrementalHash? _hash;
        private int _used;

        public void Add(scoped ReadOnlySpan<byte> part)
        {
            if (part.Length > _buffer.Length - _used)
                Flush();
            if (part.Length > _buffer.Length)
            {
                _hash!.AppendData(part);
                return;
            }

            part.CopyTo(_buffer[_used..]);
            _used += part.Length;
        }

        public ResponseKey End()
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            if (_hash is null)
            {
                SHA256.HashData(_buffer[.._used], hash);
            }
            else
            {
                Flush();
                _hash.GetHashAndReset(hash);
                _hash.Dispose();
            }

            return new ResponseKey(BinaryPrimitives.ReadUInt128LittleEndian(hash), BinaryPrimitives.ReadUInt128LittleEndian(hash[16..]));
        }

        private void Flush()
        {
            _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            _hash.AppendData(_buffer[.._used]);
            _used = 0;
        }
    }
}
