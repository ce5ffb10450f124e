using Larder.Orchestrations.Jobs;

namespace Larder.Orchestrations.Tests.Jobs;

public class BootstrapExitTests
{
    [Fact]
    public void What_bootstrap_writes_is_read()
    {
        var exit = Parse("""
            {"exit_code": 3, "stage": "script", "reason": "No rows.", "started": "2030-01-01T12:00:00.123Z", "finished": "2030-01-01T12:00:01.123Z",
             "log_lines": 42, "python": "3.11.2", "outputs": [{"path": "a.onnx", "size": 1, "sha256": "0a"}], "found": []}
            """)!;
        Assert.Equal((3, "script", "No rows.", false), (exit.ExitCode, exit.Stage, exit.Reason, exit.WasStopped));
        Assert.Equal(new BootstrapExit.FileEntry("a.onnx", 1, "0a"), Assert.Single(exit.Outputs));
        Assert.True(Parse("""{"stage": "script", "reason": "stopped"}""")!.WasStopped);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"stage": null}""")]
    [InlineData("""{"stage": "done", "outputs": null}""")]
    [InlineData("""{"stage": "done", "found": [null]}""")]
    [InlineData("""{"stage": "done", "outputs": [{"path": null, "size": 1, "sha256": "0a"}]}""")]
    [InlineData("""{"stage": "done", "outputs": [{"path": "a", "size": "many", "sha256": "0a"}]}""")]
    [InlineData("""{"stage": "done", "outputs": [{"path": "a", "size": 1}]}""")]
    public void What_a_script_put_in_its_place_is_none(string text) => Assert.Null(Parse(text));

    private static BootstrapExit? Parse(string text) => BootstrapExit.Parse(BinaryData.FromString(text));
}
