using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Larder.Testing;

/// <summary>Writes zips, honest ones and such as no tool would write: every field of a header can lie.</summary>
public sealed class RawZip
{
    private readonly List<Entry> _entries = [];

    /// <summary>How many entries the end of the directory claims; null for the truth.</summary>
    public ulong? ClaimedEntries { get; set; }

    /// <summary>Adds an entry.</summary>
    public RawZip Add(string name, byte[] content, Action<Entry>? change = null)
    {
        var entry = new Entry { Name = Encoding.UTF8.GetBytes(name), Packed = Deflate(content), Length = (ulong)content.Length, Crc = BitConverter.ToUInt32(Crc32.Hash(content)) };
        change?.Invoke(entry);
        _entries.Add(entry);
        return this;
    }

    /// <summary>Adds an entry of text.</summary>
    public RawZip Add(string name, string content, Action<Entry>? change = null) => Add(name, Encoding.UTF8.GetBytes(content), change);

    /// <summary>The archive.</summary>
    public byte[] ToBytes()
    {
        using var zip = new MemoryStream();
        using var writer = new BinaryWriter(zip);
        foreach (var entry in _entries)
        {
            entry.Offset = (uint)zip.Position;
            writer.Write(0x04034b50u);
            entry.WriteCommon(writer);
            writer.Write(entry.Name);
            writer.Write(entry.Extra);
            writer.Write(entry.Packed);
        }

        var start = (uint)zip.Position;
        foreach (var entry in _entries)
        {
            writer.Write(0x02014b50u);
            writer.Write((ushort)((3 << 8) | 45));
            entry.WriteCommon(writer);
            writer.Write((ushort)0);
            writer.Write((ushort)0);
            writer.Write((ushort)0);
            writer.Write(entry.Mode << 16);
            writer.Write(entry.Offset);
            writer.Write(entry.Name);
            writer.Write(entry.Extra);
        }

        var size = (uint)zip.Position - start;
        var count = (ushort)Math.Min(ClaimedEntries ?? (ulong)_entries.Count, ushort.MaxValue - 1);
        writer.Write(0x06054b50u);
        writer.Write(0u);
        writer.Write(count);
        writer.Write(count);
        writer.Write(size);
        writer.Write(start);
        writer.Write((ushort)0);
        return zip.ToArray();
    }

    private static byte[] Deflate(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Optimal))
            deflate.Write(content);
        return packed.ToArray();
    }

    /// <summary>An entry, as it is written.</summary>
    public sealed class Entry
    {
        /// <summary>Bytes of its name.</summary>
        public byte[] Name { get; set; } = [];

        /// <summary>What follows its header.</summary>
        public byte[] Packed { get; set; } = [];

        /// <summary>How long it claims to be, unpacked.</summary>
        public ulong Length { get; set; }

        /// <summary>The checksum that it claims.</summary>
        public uint Crc { get; set; }

        /// <summary>General purpose flags; 1 is encrypted.</summary>
        public ushort Flags { get; set; } = 0x800;

        /// <summary>8 is deflated.</summary>
        public ushort Method { get; set; } = 8;

        /// <summary>The file's mode on Unix.</summary>
        public uint Mode { get; set; } = 0x81A4;

        internal uint Offset { get; set; }

        internal byte[] Extra => Length < uint.MaxValue ? [] : [1, 0, 8, 0, .. BitConverter.GetBytes(Length)];

        internal void WriteCommon(BinaryWriter writer)
        {
            writer.Write((ushort)45);
            writer.Write(Flags);
            writer.Write(Method);
            writer.Write(0x00210000u);
            writer.Write(Crc);
            writer.Write((uint)Packed.Length);
            writer.Write((uint)Math.Min(Length, uint.MaxValue));
            writer.Write((ushort)Name.Length);
            writer.Write((ushort)Extra.Length);
        }
    }
}
