using Larder.Registry.Errors;
using Larder.Tracking.Artifacts;

namespace Larder.Tracking.Tests;

public sealed class ArtifactPathTests
{
    private const string Relative = "it must be relative";
    private const string Dots = "no name can be '.' or '..'";
    private const string Backslash = "it has a backslash; names have '/' between them";
    private const string Empty = "it has an empty name";
    private const string Control = "it has a control character";
    private const string Hidden = "when it is percent-decoded, ";

    [Theory]
    [InlineData("/etc/passwd", Relative)]
    [InlineData("C:/Windows/win.ini", Relative)]
    [InlineData("c:evil", Relative)]
    [InlineData("//host/share", Relative)]
    [InlineData("../../etc/passwd", Dots)]
    [InlineData("a/../b", Dots)]
    [InlineData("a/./b", Dots)]
    [InlineData("a/..", Dots)]
    [InlineData(".", Dots)]
    [InlineData("..\\..\\windows", Backslash)]
    [InlineData("a\\b", Backslash)]
    [InlineData("a//b", Empty)]
    [InlineData("a/", Empty)]
    [InlineData("file:///etc/passwd", Empty)]
    [InlineData("http://host#/abc/etc/", Empty)]
    [InlineData("a\0b", Control)]
    [InlineData("a\nb", Control)]
    [InlineData("a/\u009b[2J", Control)]
    [InlineData("%2e%2e/a", Hidden + Dots)]
    [InlineData("a/.%2E/b", Hidden + Dots)]
    [InlineData("%252e%252e/a", Hidden + Dots)]
    [InlineData("%25252525252e./a", Hidden + Dots)]
    [InlineData("%2fetc%2fpasswd", Hidden + "it has a '/' that is percent-encoded")]
    [InlineData("a%2fb", Hidden + "it has a '/' that is percent-encoded")]
    [InlineData("a%252f..%252fb", Hidden + "it has a '/' that is percent-encoded")]
    [InlineData("..%5c..%5cwindows", Hidden + Backslash)]
    [InlineData("file://a%23/..//tmp/", Empty)]
    [InlineData("a%00.txt", Hidden + Control)]
    [InlineData("C%3a", Hidden + Relative)]
    public void A_path_that_could_mean_another_is_refused_with_the_rule(string path, string rule) => Assert.EndsWith(
        $": {rule}.", Assert.Throws<InvalidRequestException>(() => ArtifactPath.Parse(path)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_path_has_a_length_and_a_depth_and_is_well_formed()
    {
        Assert.Equal($"{new string('a', 255)}/{new string('b', 255)}", ArtifactPath.Parse($"{new string('a', 255)}/{new string('b', 255)}").ToString());
        Assert.EndsWith(": a name has more than 255 bytes in UTF-8.", Refused(new string('a', 256)), StringComparison.Ordinal);
        Assert.EndsWith(": a name has more than 255 bytes in UTF-8.", Refused(new string('ü', 128)), StringComparison.Ordinal);
        Assert.EndsWith(": it has more than 1000 characters.", Refused(new string('a', 1001)), StringComparison.Ordinal);
        Assert.Equal(32, ArtifactPath.Parse(string.Join('/', Enumerable.Repeat("a", 32))).Names.Count);
        Assert.EndsWith(": it has more than 32 names.", Refused(string.Join('/', Enumerable.Repeat("a", 33))), StringComparison.Ordinal);
        Assert.EndsWith(": it is percent-encoded too often.", Refused("%" + string.Concat(Enumerable.Repeat("25", 20)) + "41"), StringComparison.Ordinal);

        // An attribute cannot hold one.
        Assert.EndsWith(": it has half of a surrogate pair.", Refused("a\ud800b"), StringComparison.Ordinal);

        static string Refused(string path) => Assert.Throws<InvalidRequestException>(() => ArtifactPath.Parse(path)).Message;
    }

    [Fact]
    public void A_path_has_a_folder_and_a_name()
    {
        var path = ArtifactPath.Parse("a/b c/d");

        Assert.Equal(("d", "a/b c", "a"), (path.Name, path.Folder.ToString(), path.Folder.Folder.ToString()));
        Assert.Equal(path, path.Folder["d"]);
        Assert.True(path.Folder.Folder.Folder.IsRoot);
        Assert.Equal(ArtifactPath.Root, ArtifactPath.Parse(null));
    }
}
