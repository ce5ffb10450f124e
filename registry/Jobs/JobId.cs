using System.Security.Cryptography;
using System.Text;

namespace Larder.Registry.Jobs;

/// <summary>
/// Ids of jobs: ten characters of what is left of a 50-bit count of milliseconds, then six of a hash or chance, all from an alphabet in ASCII order.
/// So a listing in ascending order, which every store can do, has the newest first; and an id fits everywhere: in a URL, in a blob
/// container's name, in a container group's name.
/// </summary>
public static class JobId
{
    /// <summary>Characters of an id.</summary>
    public const int Length = TimeLength + UniqueLength;

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int TimeLength = 10;
    private const int UniqueLength = 6;
    private const long End = 1L << (5 * TimeLength);

    /// <summary>A new unique id.</summary>
    /// <param name="now">When the job is accepted.</param>
    public static string Create(DateTimeOffset now) => Create(now, RandomNumberGenerator.GetBytes(UniqueLength));

    /// <summary>The id that the same time and the same seed always give.</summary>
    /// <param name="time">When what the job is about happened.</param>
    /// <param name="seed">What the job is about.</param>
    public static string Create(DateTimeOffset time, string seed) => Create(time, SHA256.HashData(Encoding.UTF8.GetBytes(seed)));

    /// <summary>Whether a text can be a job's id. Others need not be looked for, and must not get into a path.</summary>
    public static bool IsValid(string? text) => text is { Length: Length } && text.All(Alphabet.Contains);

    /// <summary>Whether what a job is about happened before a time, to the millisecond.</summary>
    public static bool IsBefore(string id, DateTimeOffset time) =>
        string.CompareOrdinal(id, 0, Create(time, stackalloc byte[UniqueLength]), 0, TimeLength) > 0;

    private static string Create(DateTimeOffset time, ReadOnlySpan<byte> unique)
    {
        Span<char> id = stackalloc char[Length];
        var left = End - 1 - time.ToUnixTimeMilliseconds();
        for (var i = TimeLength - 1; i >= 0; i--, left >>= 5)
            id[i] = Alphabet[(int)(left & 31)];
        for (var i = 0; i < UniqueLength; i++)
            id[TimeLength + i] = Alphabet[unique[i] & 31];
        return new string(id);
    }
}
