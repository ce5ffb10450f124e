using System.Text.Json;

namespace Larder.Inference.Tensors;

/// <summary>
/// Reads one JSON token as one tensor element. A struct for each datatype, so that the JIT compiles the parse loop once for each,
/// with this call inlined.
/// </summary>
internal interface IElementReader
{
    /// <summary>Bytes of an element.</summary>
    static abstract int Size { get; }

    /// <summary>Reads the current token into <paramref name="destination"/>, which has <see cref="Size"/> bytes or more.</summary>
    static abstract ElementError Read(ref Utf8JsonReader reader, Span<byte> destination);
}
