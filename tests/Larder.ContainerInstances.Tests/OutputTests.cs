using System.Text;
using Larder.Testing.Arm;

namespace Larder.ContainerInstances.Tests;

public class OutputTests : ComputeTests
{
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await StartAsync();
    }

    [Fact]
    public async Task What_the_container_wrote_is_read()
    {
        Group.Run();
        Group.WriteLine("bootstrap: no inputs");
        Group.WriteLine("Ärger");

        Assert.Equal("bootstrap: no inputs\nÄrger\n", await ReadAsync());
    }

    [Fact]
    public async Task Output_is_there_after_the_container_has_ended()
    {
        Group.Run();
        Group.WriteLine("last words");
        Group.Exit(1);

        Assert.Equal("last words\n", await ReadAsync());
    }

    [Fact]
    public async Task At_most_the_last_64_KiB_are_read_and_no_character_is_cut()
    {
        Group.Run();
        for (var i = 0; i < 3000; i++)
            Group.WriteLine($"{i} {new string('€', 60)}");

        var output = await ReadAsync();

        Assert.InRange(Encoding.UTF8.GetByteCount(output), (64 * 1024) - 3, 64 * 1024);
        Assert.EndsWith($"2999 {new string('€', 60)}\n", output);
        Assert.DoesNotContain('\uFFFD', output);
        Assert.Contains("tail=1000", Server.Requests[^1].Query);
    }

    [Fact]
    public async Task A_container_that_waits_has_no_output() => Assert.Equal("", await ReadAsync());

    [Theory]
    [InlineData(500, "InternalServerError")]
    [InlineData(400, "ContainerGroupDeploymentNotReady")]
    [InlineData(404, "ContainerNotFound")]
    public async Task An_error_of_the_logs_is_no_failure(int status, string code)
    {
        Group.Run();
        Server.Answer(new ArmFault("GET", "/logs", status, code, "No logs now.") { Times = 10 });

        Assert.Equal("", await ReadAsync());
    }

    [Fact]
    public async Task A_group_that_is_gone_has_no_output()
    {
        Server.Remove(GroupName);

        Assert.Equal("", await ReadAsync());
    }

    private Task<string> ReadAsync() => Compute.ReadOutputAsync(Id, CancellationToken.None);
}
