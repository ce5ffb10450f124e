using Larder.Registry.Storage.Blobs;

namespace Larder.Registry.Tests.Storage;

public sealed class DocumentCacheTests
{
    // Three documents of 100 bytes, with what an entry costs besides.
    private readonly DocumentCache _cache = new(3 * 400);

    [Fact]
    public void A_document_is_known_by_its_etag()
    {
        _cache.Set("a", "1", Document());

        Assert.True(_cache.TryGet("a", "1", out _));
        Assert.True(_cache.Has("a", "1"));
        Assert.False(_cache.TryGet("a", "2", out _));
        Assert.False(_cache.Has("b", "1"));
    }

    [Fact]
    public void The_least_recently_used_goes_first()
    {
        foreach (var name in (string[])["a", "b", "c"])
            _cache.Set(name, "1", Document());
        _cache.TryGet("a", "1", out _);

        _cache.Set("d", "1", Document());

        Assert.Equal(["a", "c", "d"], Known("a", "b", "c", "d"));
    }

    [Fact]
    public void What_is_removed_makes_room()
    {
        foreach (var name in (string[])["a", "b", "c"])
            _cache.Set(name, "1", Document());

        _cache.Remove("b");
        _cache.Remove("never there");
        _cache.Set("d", "1", Document());

        Assert.Equal(["a", "c", "d"], Known("a", "b", "c", "d"));
    }

    private static BinaryData Document() => BinaryData.FromBytes(new byte[100]);

    private IEnumerable<string> Known(params string[] names) => names.Where(name => _cache.Has(name, "1"));
}
