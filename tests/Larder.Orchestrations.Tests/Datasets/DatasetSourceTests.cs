using Larder.Orchestrations.Datasets;

namespace Larder.Orchestrations.Tests.Datasets;

public class DatasetSourceTests
{
    [Theory]
    [InlineData("uploads/a/b.csv", "uploads", "a/b.csv", null)]
    [InlineData("uploads/a/b.csv@0x8DC0FFEE", "uploads", "a/b.csv", "0x8DC0FFEE")]
    [InlineData("uploads/you@home.csv", "uploads", "you@home.csv", null)]
    [InlineData("uploads/you@home.csv@0x1", "uploads", "you@home.csv", "0x1")]
    [InlineData("scoring/m/x@0x1@0x2", "scoring", "m/x@0x1", "0x2")]
    [InlineData("https://h/x@0x1", null, "https://h/x@0x1", null)]
    public void A_source_says_where_and_which(string text, string? container, string path, string? etag)
    {
        var source = DatasetSource.Parse(text);

        Assert.Equal((container, path, etag), (source.Container, source.Path, source.ETag));
        if (container is not null && etag is not null)
            Assert.Equal(text, DatasetSource.Of(container, path, etag));
    }
}
