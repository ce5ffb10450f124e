using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Larder.Fuzz.Tests;

/// <summary>Makes inputs of other inputs; the same for the same seed and the same inputs.</summary>
internal sealed class Mutator(int seed, IReadOnlyList<byte[]> words, int maxBytes)
{
    private static readonly byte[] Bytes = [0, 1, (byte)'\t', (byte)'\n', (byte)'\r', (byte)' ', (byte)'"', (byte)'\'', (byte)'%', (byte)'/', (byte)'\\', 0x1B, 0x7F, 0x80, 0xC0, 0xED, 0xEF, 0xF4, 0xFE, 0xFF];

    private static readonly long[] Numbers = [0, 1, -1, 127, 128, 255, 256, 32767, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, 1_000_000_007];

    // What breaks text: surrogates by escape and by bytes, NUL, direction marks, line ends of others, escapes of terminals, percent tricks, quotes, long ones.
    private static readonly byte[][] Texts =
    [
        .. new[]
        {
            "\\ud800", "\\udc00", "\\u0000", "\0", "\u202e", "\u2028", "\uFEFF", "\u001b[2J", "%00", "%2e%2e%2f", "%ED%A0%80", "\"", "'", "\r\n", "NaN", "-Infinity", "1e400", "9999999999999999999999", "{}", "[[[[", "null",
        }.Select(Encoding.UTF8.GetBytes),
        [0xED, 0xA0, 0x80],
        [0xC0, 0xAF],
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next input.</summary>
    public byte[] Mutate(IReadOnlyList<byte[]> corpus)
    {
        // The newest are the deepest.
        var pick = _random.Next(3) == 0 ? corpus.Count - 1 - _random.Next(Math.Min(corpus.Count, 16)) : _random.Next(corpus.Count);
        var bytes = new List<byte>(corpus[pick]);
        for (var changes = 1 << _random.Next(4); changes > 0; changes--)
            Change(bytes, corpus);
        if (bytes.Count > maxBytes)
            bytes.RemoveRange(maxBytes, bytes.Count - maxBytes);
        return [.. bytes];
    }

    private void Change(List<byte> bytes, IReadOnlyList<byte[]> corpus)
    {
        var at = _random.Next(bytes.Count + 1);
        var length = Math.Min(_random.Next(1, 1 << _random.Next(1, 8)), bytes.Count - at);
        switch (_random.Next(12))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2 when at < bytes.Count:
                bytes[at] = Bytes[_random.Next(Bytes.Length)];
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                bytes.InsertRange(_random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6:
                var other = corpus[_random.Next(corpus.Count)];
                var from = _random.Next(other.Length + 1);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, _random.Next(256))));
                break;
            case 7 when words.Count > 0:
                bytes.InsertRange(at, words[_random.Next(words.Count)]);
                break;
            case 8:
                bytes.InsertRange(at, Texts[_random.Next(Texts.Length)]);
                break;
            case 9:
                Repeat(bytes, at, length);
                break;
            case 10:
                Overwrite(bytes, at);
                break;
            default:
                ReplaceDigits(bytes, at);
                break;
        }
    }

    private void Repeat(List<byte> bytes, int at, int length)
    {
        var part = bytes.GetRange(at, length);
        for (var times = 1 << _random.Next(10); times > 0 && bytes.Count < maxBytes; times--)
            bytes.InsertRange(at, part);
    }

    private void Overwrite(List<byte> bytes, int at)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        var value = Numbers[_random.Next(Numbers.Length)];
        if (_random.Next(2) == 0)
            BinaryPrimitives.WriteInt64LittleEndian(number, value);
        else
            BinaryPrimitives.WriteInt64BigEndian(number, value);
        var size = 1 << _random.Next(4);
        for (var i = 0; i < size && at + i < bytes.Count; i++)
            bytes[at + i] = number[i];
    }

    private void ReplaceDigits(List<byte> bytes, int at)
    {
        var start = bytes.FindIndex(at, one => one is >= (byte)'0' and <= (byte)'9');
        if (start < 0)
            return;
        var end = bytes.FindIndex(start, one => one is < (byte)'0' or > (byte)'9');
        bytes.RemoveRange(start, (end < 0 ? bytes.Count : end) - start);
        bytes.InsertRange(start, Encoding.ASCII.GetBytes(Numbers[_random.Next(Numbers.Length)].ToString(CultureInfo.InvariantCulture)));
    }
}
