using StandIns.Api.Tests.Comparing;

namespace StandIns.Api.Tests;

public class PartialComparisonTests
{
    [Theory]
    [InlineData("public Image Autorot(out Enums.Angle angle, out bool flip)", "Autorot(out Enums.Angle, out bool)")]
    [InlineData("public static Image NewFromMemory<T>(ReadOnlyMemory<T> data, int width) where T : unmanaged  [net6.0 and later]", "static NewFromMemory<T>(ReadOnlyMemory<T>, int)")]
    [InlineData("public byte[] WriteToBuffer(string formatString, VOption kwargs = null)", "WriteToBuffer(string, VOption)")]
    [InlineData("public static Image NewFromBuffer(byte[] data, string strOptions = \"\", Enums.Access? access = null)", "static NewFromBuffer(byte[], string, Enums.Access?)")]
    [InlineData("public static void Free(IntPtr mem)", "static Free(nint)")]
    [InlineData("public ctor(string message)", "ctor(string)")]
    [InlineData("protected override bool ReleaseHandle()", "protected ReleaseHandle()")]
    [InlineData("public static bool Vector { get; set; }", "static Vector.get|static Vector.set")]
    [InlineData("public static bool Leak { set; }", "static Leak.set")]
    [InlineData("public object this[string key] { get; set; }", "this[string].get|this[string].set")]
    [InlineData("public Dictionary<string, object>.KeyCollection Keys { get; }", "Keys.get")]
    [InlineData("public static int? Version", "static Version")]
    [InlineData("public const string Text = \"a\"", "Text")]
    [InlineData("SequentialUnbuffered = 2  [Obsolete]", "SequentialUnbuffered = 2")]
    [InlineData("Error = -1", "Error = -1")]
    [InlineData("public virtual Task<Response<bool>> ExistsAsync(string containerGroupName, CancellationToken cancellationToken = default)", "ExistsAsync(string, CancellationToken)")]
    [InlineData("public static Type op_Implicit(string value)", "static op_Implicit(string)")]
    public void A_line_comes_down_to(string line, string keys) =>
        Assert.Equal(keys.Split('|'), PartialComparison.Keys(line));
}
