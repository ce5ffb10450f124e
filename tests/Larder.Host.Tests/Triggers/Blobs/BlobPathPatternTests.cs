using Larder.Host.Blobs;

namespace Larder.Host.Tests.Triggers.Blobs;

public class BlobPathPatternTests
{
    [Theory]
    [InlineData("uploads/{name}", "a.txt", "name=a.txt")]
    [InlineData("uploads/{name}", "folder/a.txt", "name=folder/a.txt")]
    [InlineData("uploads/{name}.{ext}", "a.tar.gz", "name=a.tar;ext=gz")] // the first takes as much as it can
    [InlineData("uploads/{name}.{ext}", "a.b/c", "name=a;ext=b/c")]
    [InlineData("uploads/{name}.{ext}", ".", "name=;ext=")]
    [InlineData("uploads/{model}/{name}", "iris/1.onnx", "model=iris;name=1.onnx")]
    [InlineData("uploads/{model}/{name}", "a/b/c", "model=a/b;name=c")]
    [InlineData("uploads/original-{name}", "original-x", "name=x")]
    [InlineData("uploads/{{20140101}}-{name}", "{20140101}-soundfile.mp3", "name=soundfile.mp3")]
    [InlineData("uploads/a+(b).txt", "a+(b).txt", "")]
    [InlineData("uploads", "any/thing", "")]
    [InlineData("$root/{name}", "a", "name=a")]
    [InlineData("uploads/{name}", "line\nfeed\n", "name=line\nfeed\n")]
    public void A_name_that_matches_gives_its_parts(string path, string blob, string parts)
    {
        Assert.True(BlobPathPattern.Parse(path).TryMatch(blob, out var values));

        Assert.Equal(parts, string.Join(';', values.Select(value => $"{value.Key}={value.Value}")));
    }

    [Theory]
    [InlineData("uploads/{name}.txt", "a.TXT")]
    [InlineData("uploads/{name}.txt", "a.txt.gz")]
    [InlineData("uploads/{name}.txt", "a.txt\n")]
    [InlineData("uploads/{name}.txt", "axtxt")]
    [InlineData("uploads/{model}/{name}", "alone")]
    [InlineData("uploads/original-{name}", "copy-original-x")]
    [InlineData("uploads/fixed", "fixed2")]
    [InlineData("uploads/fixed", "Fixed")]
    public void A_name_that_does_not_match_is_passed_over(string path, string blob) =>
        Assert.False(BlobPathPattern.Parse(path).TryMatch(blob, out _));

    [Theory]
    [InlineData("uploads", "uploads", "")]
    [InlineData("uploads/a/b-{name}", "uploads", "a/b-")]
    [InlineData("uploads/{{x}}/{name}", "uploads", "{x}/")]
    [InlineData("uploads/fixed", "uploads", "fixed")]
    public void Only_what_may_match_is_listed(string path, string container, string prefix)
    {
        var pattern = BlobPathPattern.Parse(path);

        Assert.Equal((container, prefix), (pattern.Container, pattern.Prefix));
    }

    [Theory]
    [InlineData("", "it must be 'container' or 'container/blob'")]
    [InlineData("/a", "it must be 'container' or 'container/blob'")]
    [InlineData("uploads/", "it must be 'container' or 'container/blob'")]
    [InlineData("{container}/a", "the container cannot be a parameter")]
    [InlineData("Uploads/a", "'Uploads' is not a container's name")]
    [InlineData("a--b/c", "'a--b' is not a container's name")]
    [InlineData("ab/c", "'ab' is not a container's name")]
    [InlineData("uploads/{name", "a { has no } after it")]
    [InlineData("uploads/name}", "a } has no { before it")]
    [InlineData("uploads/{}", "'{}' is not a parameter")]
    [InlineData("uploads/{a.b}", "'{a.b}' is not a parameter")]
    [InlineData("uploads/{1st}", "'{1st}' is not a parameter")]
    [InlineData("uploads/{name}/{Name}", "'{Name}' stands in it twice")]
    public void A_path_that_cannot_be_used_is_told_so(string path, string why)
    {
        var error = Assert.Throws<FormatException>(() => BlobPathPattern.Parse(path));

        Assert.StartsWith($"the path '{path}' cannot be used: {why}", error.Message);
    }

    [Fact]
    public void A_long_name_that_almost_matches_costs_no_time()
    {
        // With backtracking, twelve parameters would try some 10^20 ways.
        var path = "uploads/" + string.Join('-', Enumerable.Range(0, 12).Select(i => $"{{p{i}}}")) + ".end";

        Assert.False(BlobPathPattern.Parse(path).TryMatch(new string('-', 1000), out _));
    }
}
