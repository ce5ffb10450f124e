using System.Text;

namespace Larder.Bench.Scoring;

/// <summary>The iris data, again and again.</summary>
internal static class Dataset
{
    /// <summary>Writes as many rows as make up some bytes; returns how many.</summary>
    public static long Write(string sample, string path, long bytes)
    {
        var lines = File.ReadAllLines(sample);
        using var file = File.Create(path);
        file.Write(Encoding.UTF8.GetBytes(lines[0] + "\n"));
        var block = Encoding.UTF8.GetBytes(string.Concat(lines[1..].Select(line => line + "\n")));
        var rows = 0L;
        for (; file.Length < bytes; rows += lines.Length - 1)
            file.Write(block);
        return rows;
    }

    /// <summary>Eleven of many.</summary>
    public static IEnumerable<int> Tenths(IReadOnlyList<int> values) => Enumerable.Range(0, 11).Select(i => values[(int)((values.Count - 1) * i / 10.0)]);
}
