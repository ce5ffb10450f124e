using System.Runtime.InteropServices;
using Larder.Inference.Signatures;
using NetVips;

namespace Larder.Inference.Images;

/// <summary>One image's pixels in the model's size, ready to be written into a tensor. Holds native memory until disposed of.</summary>
public sealed class DecodedImage : IDisposable
{
    private readonly PixelMemory _pixels;
    private readonly int _bands;
    private readonly PixelTable _table;
    private readonly bool _channelsFirst;

    internal DecodedImage(Image image, PixelTable table, bool channelsFirst, Datatype datatype, long[] shape)
    {
        (_table, _channelsFirst, Datatype, Shape) = (table, channelsFirst, datatype, shape);
        using var bytes = image.Format == Enums.BandFormat.Uchar ? null : image.Cast(Enums.BandFormat.Uchar);
        _pixels = new PixelMemory(bytes ?? image);
        _bands = image.Bands;
    }

    /// <summary>Element type of the tensor.</summary>
    public Datatype Datatype { get; }

    /// <summary>The tensor's shape: the model's, with a batch of 1, and with the image's height and width where they vary.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Bytes of the tensor.</summary>
    public long ByteLength => Shape.Aggregate((long)Datatype.Size(), (product, dimension) => product * dimension);

    /// <summary>Writes the tensor's elements, in the machine's byte order.</summary>
    /// <param name="destination">Exactly <see cref="ByteLength"/> bytes, aligned for the element type.</param>
    public void WriteTo(Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, ByteLength);
        _table.Write(_pixels.Span, _bands, _channelsFirst, destination);
        // Keeps the garbage collector from freeing the memory behind the span.
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public void Dispose() => _pixels.Dispose();

    private sealed class PixelMemory : SafeHandle
    {
        private readonly int _size;

        internal PixelMemory(Image image)
            : base(0, ownsHandle: true)
        {
            SetHandle(image.WriteToMemory(out var size));
            _size = checked((int)size);
        }

        public override bool IsInvalid => handle == 0;

        internal unsafe ReadOnlySpan<byte> Span
        {
            get
            {
                ObjectDisposedException.ThrowIf(IsClosed, typeof(DecodedImage));
                return new ReadOnlySpan<byte>((void*)handle, _size);
            }
        }

        protected override bool ReleaseHandle()
        {
            NetVips.NetVips.Free(handle);
            return true;
        }
    }
}
