using System.Text;
using CsvHelper;
using FsCheck;
using FsCheck.Fluent;
using Larder.Orchestrations.Scoring.Rows;
using Larder.Orchestrations.Scoring.Splitting;

namespace Larder.Orchestrations.Tests.Scoring;

public class SplitterTests
{
    private static readonly SplitLimits Wide = new(1 << 20, 1, 1 << 20, 0);

    [Fact]
    public void Splitting_at_any_size_and_joining_gives_the_rows_that_CsvHelper_sees_in_the_whole()
    {
        var texts = Gen.Elements("a", "b", ",", "\"", "\n", "\r", "\r\n", "é", "\"\"", " ", "😀", "\",\"", "\"\n").ArrayOf().Select(string.Concat);
        var cases = from text in texts
                    from rows in Gen.Choose(1, 4)
                    from bytes in Gen.Choose(1, 12)
                    from read in Gen.Choose(1, 7)
                    select (text, rows, bytes, read);
        Prop.ForAll(cases.ToArbitrary(), one =>
        {
            var bytes = Closed(Encoding.UTF8.GetBytes(one.text));
            var splitter = Split(bytes, Wide with { ChunkRows = one.rows, ChunkBytes = one.bytes }, one.read);
            var joined = splitter.Chunks.SelectMany(chunk =>
            {
                var rows = Rows(bytes.AsMemory((int)chunk.Offset, (int)chunk.Length));
                return rows.Count == chunk.Rows ? rows : [$"{rows.Count} rows instead of {chunk.Rows}"];
            }).ToList();
            var whole = Rows(bytes);
            return joined.SequenceEqual(whole).Label($"{string.Join(" | ", joined)} instead of {string.Join(" | ", whole)}");
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000).WithEndSize(40));
    }

    [Fact]
    public void Chunks_are_the_data_set_without_a_gap()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i},\"x\ny\"\r\n")));
        var chunks = Split(bytes, Wide with { ChunkRows = 7 }, 100).Chunks;
        Assert.Equal(143, chunks.Count);
        Assert.Equal(0, chunks[0].Offset);
        Assert.Equal(bytes.Length, chunks[^1].Offset + chunks[^1].Length);
        Assert.All(chunks.Zip(chunks.Skip(1)), pair => Assert.Equal(pair.First.Offset + pair.First.Length, pair.Second.Offset));
        Assert.All(chunks.Zip(chunks.Skip(1)), pair => Assert.Equal(pair.First.FirstRow + pair.First.Rows, pair.Second.FirstRow));
    }

    [Fact]
    public void A_chunk_has_at_least_the_bytes_that_keep_the_number_of_chunks_down()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("1,2\n", 1000)));
        Assert.Equal(40, Split(bytes, Wide with { LeastChunkBytes = 100 }, 4096).Chunks.Count);
    }

    [Theory]
    [InlineData("a,b\n\"")]
    [InlineData("a,b\n")]
    public async Task A_row_beyond_the_limit_is_told_with_its_number_and_place_before_it_is_read_to_its_end(string before)
    {
        var bytes = Encoding.UTF8.GetBytes(before + new string('x', 100_000));
        var stream = new PiecesStream(bytes, 1000);
        var problem = await new DatasetSplitter(new CsvScanner((byte)','), Wide with { RowBytes = 5000 }, 0).SplitAsync(stream, CancellationToken.None);
        Assert.StartsWith("Row 2, at byte 4, is longer than 5000 bytes", problem);
        Assert.True(stream.Position < 10_000);
    }

    [Fact]
    public async Task Lines_of_JSON_are_rows_and_blank_ones_are_not()
    {
        var bytes = "{\"a\":\"\\n\\\"\"}\r\n\n\r\n{}\n[1]"u8.ToArray();
        var splitter = new DatasetSplitter(new LineScanner(), Wide, 0);
        Assert.Null(await splitter.SplitAsync(new PiecesStream(bytes, 3), CancellationToken.None));
        Assert.Equal(3, splitter.Rows);
        Assert.Equal(["{\"a\":\"\\n\\\"\"}", "{}", "[1]"], splitter.Chunks.Select(chunk => Encoding.UTF8.GetString(bytes.AsSpan((int)chunk.Offset, (int)chunk.Length)).Trim()));
    }

    [Theory]
    [InlineData("a,b\n\"x\ny\"\n\"z,1\n2\n3", "Row 3, at byte 10, opens a quote that is not closed: 2 lines behind it were taken for a part of that field.")]
    [InlineData("a,\"b", "Row 1, at byte 0, opens a quote that is not closed: 0 lines behind it were taken for a part of that field.")]
    [InlineData("a,\"b\"", null)]
    public async Task A_quote_that_is_not_closed_is_told_with_its_row_and_the_lines_behind_it(string text, string? problem) =>
        Assert.Equal(problem, await new DatasetSplitter(new CsvScanner((byte)','), Wide, 0).SplitAsync(new PiecesStream(Encoding.UTF8.GetBytes(text), 3), CancellationToken.None));

    private static byte[] Closed(byte[] bytes)
    {
        var scanner = new CsvScanner((byte)',');
        for (ReadOnlySpan<byte> rest = bytes; !rest.IsEmpty;)
            rest = rest[scanner.Next(rest).Passed..];
        return scanner.IsInQuotes ? [.. bytes, (byte)'"'] : bytes;
    }

    private static DatasetSplitter Split(byte[] bytes, SplitLimits limits, int read)
    {
        var splitter = new DatasetSplitter(new CsvScanner((byte)','), limits, 0);
        Assert.Null(splitter.SplitAsync(new PiecesStream(bytes, read), CancellationToken.None).GetAwaiter().GetResult());
        return splitter;
    }

    private static List<string> Rows(ReadOnlyMemory<byte> bytes)
    {
        using CsvReader reader = CsvText.Reader(bytes, ',');
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join('¦', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetString(i))));
        return rows;
    }

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class PiecesStream(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(most, buffer.Length)], cancellationToken);
    }
}
