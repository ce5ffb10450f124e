using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Larder.Inference.Tensors;

/// <summary>The element readers, one for each datatype of fixed size.</summary>
internal static class ElementReaders
{
    internal readonly struct Bool : IElementReader
    {
        public static int Size => 1;

        public static ElementError Read(ref Utf8JsonReader reader, Span<byte> destination)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.True:
                    destination[0] = 1;
                    return ElementError.None;
                case JsonTokenType.False:
                    destination[0] = 0;
                    return ElementError.None;
                default:
                    return ElementError.WrongToken;
            }
        }
    }

    internal readonly struct Integer<T> : IElementReader
        where T : unmanaged, IBinaryInteger<T>
    {
        public static int Size => Unsafe.SizeOf<T>();

        public static ElementError Read(ref Utf8JsonReader reader, Span<byte> destination)
        {
            if (reader.TokenType != JsonTokenType.Number)
                return ElementError.WrongToken;
            T value;
            if (typeof(T) == typeof(ulong))
            {
                if (!reader.TryGetUInt64(out var number))
                    return ReadUnusual(ref reader, destination);
                value = T.CreateTruncating(number);
            }
            else
            {
                if (!reader.TryGetInt64(out var number))
                    return ReadUnusual(ref reader, destination);
                value = T.CreateTruncating(number);
                if (long.CreateTruncating(value) != number)
                    return ElementError.OutOfRange;
            }

            MemoryMarshal.Write(destination, in value);
            return ElementError.None;
        }

        // 1.0 and 1e3 are integers too; so is whatever overflowed.
        private static ElementError ReadUnusual(ref Utf8JsonReader reader, Span<byte> destination)
        {
            Span<byte> scratch = stackalloc byte[64];
            var error = new JsonNumber(JsonNumber.Token(in reader, scratch)).ToInteger(out var integer);
            if (error != ElementError.None)
                return error;
            var value = T.CreateTruncating(integer);
            if (Int128.CreateTruncating(value) != integer)
                return ElementError.OutOfRange;
            MemoryMarshal.Write(destination, in value);
            return ElementError.None;
        }
    }

    internal readonly struct Fp16 : IElementReader
    {
        public static int Size => 2;

        public static ElementError Read(ref Utf8JsonReader reader, Span<byte> destination)
        {
            if (reader.TokenType != JsonTokenType.Number)
                return ElementError.WrongToken;
            Span<byte> scratch = stackalloc byte[64];
            // Not by way of a double, which would round twice.
            var value = Half.Parse(JsonNumber.Token(in reader, scratch), NumberStyles.Float, CultureInfo.InvariantCulture);
            MemoryMarshal.Write(destination, in value);
            return Half.IsFinite(value) ? ElementError.None : ElementError.OutOfRange;
        }
    }

    internal readonly struct Bf16 : IElementReader
    {
        public static int Size => 2;

        public static ElementError Read(ref Utf8JsonReader reader, Span<byte> destination)
        {
            if (reader.TokenType != JsonTokenType.Number)
                return ElementError.WrongToken;
            if (!reader.TryGetDouble(out var nearest) || !float.IsFinite((float)nearest))
                return ElementError.OutOfRange;
            var bits = JsonNumber.ToBFloat16(in reader, nearest);
            MemoryMarshal.Write(destination, in bits);
            return (bits & 0x7F80) != 0x7F80 ? ElementError.None : ElementError.OutOfRange;
        }
    }

    internal readonly struct Fp32 : IElementReader
    {
        public static int Size => 4;

        public static ElementError Read(ref Utf8JsonReader reader, Span<byte> destination)
        {
            if (reader.TokenType != JsonTokenType.Number)
                return ElementError.WrongToken;
            if (reader.HasValueSequence || !ShortDecimal.TryRead(reader.ValueSpan, out float value))
            {
                if (!reader.TryGetSingle(out value) || !float.IsFinite(value))
                    return ElementError.OutOfRange;
            }

            MemoryMarshal.Write(destination, in value);
            return ElementError.None;
        }
    }

    internal readonly struct Fp64 : IElementReader
    {
        public static int Size => 8;

        public static ElementError Read(ref Utf8JsonReader reader, Span<byte> destination)
        {
            if (reader.TokenType != JsonTokenType.Number)
                return ElementError.WrongToken;
            if (reader.HasValueSequence || !ShortDecimal.TryRead(reader.ValueSpan, out double value))
            {
                if (!reader.TryGetDouble(out value) || !double.IsFinite(value))
                    return ElementError.OutOfRange;
            }

            MemoryMarshal.Write(destination, in value);
            return ElementError.None;
        }
    }
}
