using Larder.Orchestrations.Compute;
using Larder.Testing;
using Larder.Testing.Arm;

namespace Larder.ContainerInstances.Tests;

/// <summary>The server really runs the commands: what it promises to tests of whole trainings.</summary>
public class RunningContainerTests : ComputeTests
{
    protected override ArmServerOptions ServerOptions => new() { RunCommands = true, StopGrace = TimeSpan.FromMilliseconds(200) };

    [Fact]
    public async Task A_command_runs_with_its_environment_and_no_other()
    {
        Environment.SetEnvironmentVariable("LARDER_TESTS_MARK", "not for containers");
        const string script = "import os, sys; print(sorted(os.environ)); print(os.environ['LARDER_JOB_URL'], sys.argv[1], os.listdir('.')); print('err', file=sys.stderr)";
        await Compute.StartAsync(NewTask(command: ["python3", "-u", "-c", script, "Ä b\n\"c\""]), CancellationToken.None);

        Assert.Equal(0, await Group.Completion);

        Assert.Equal(new ComputeStatus(ComputeState.Exited, 0), await StatusAsync());
        var output = await Compute.ReadOutputAsync(Id, CancellationToken.None);
        Assert.Contains("'LARDER_ARM_CONTAINER', 'LARDER_BOOTSTRAP_URL', 'LARDER_JOB_URL'", output);
        Assert.DoesNotContain("LARDER_TESTS_MARK", output);
        Assert.Contains($"{Secret}2 Ä b\n\"c\" []", output);
        Assert.Contains("err\n", output);
    }

    [Theory]
    [InlineData("raise SystemExit(3)", 3)]
    [InlineData("import os; os.kill(os.getpid(), 9)", 137)]
    public async Task Its_exit_code_is_the_containers(string script, int code)
    {
        await Compute.StartAsync(NewTask(command: ["python3", "-c", script]), CancellationToken.None);

        Assert.Equal(code, await Group.Completion);
        var status = await StatusAsync();

        Assert.Equal((ComputeState.Exited, code), (status.State, status.ExitCode));
    }

    [Fact]
    public async Task A_program_that_is_not_there_ends_with_127()
    {
        await Compute.StartAsync(NewTask(command: ["no-such-program"]), CancellationToken.None);

        Assert.Equal(127, await Group.Completion);
        Assert.Contains("no-such-program: No such file", await Compute.ReadOutputAsync(Id, CancellationToken.None));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_script_that_ignores_SIGTERM_and_hides_children_leaves_nothing(bool stopFirst)
    {
        const string script = """
            import os, signal, sys, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if os.fork() == 0:
                os.setsid()
                print("child", os.getpid(), flush=True)
            else:
                print("parent", os.getpid(), flush=True)
            time.sleep(600)
            """;
        await Compute.StartAsync(NewTask(command: ["python3", "-c", script]), CancellationToken.None);
        await Eventually.TrueAsync(async () => await Compute.ReadOutputAsync(Id, CancellationToken.None) is var text && text.Contains("child") && text.Contains("parent"));
        var processes = (await Compute.ReadOutputAsync(Id, CancellationToken.None)).Split([' ', '\n']).Where(word => int.TryParse(word, out _)).Select(int.Parse).ToList();
        Assert.Equal(2, processes.Count(IsAlive));

        if (stopFirst)
        {
            await Compute.StopAsync(Id, CancellationToken.None);
            await Eventually.TrueAsync(async () => await StatusAsync() is { State: ComputeState.Exited, ExitCode: 137 });
        }

        await NewCompute(clock: TimeProvider.System).DeleteAsync(Id, CancellationToken.None);

        Assert.Empty(Server.Groups);
        await Eventually.TrueAsync(() => Task.FromResult(!processes.Any(IsAlive)));
    }

    [Fact]
    public async Task A_running_command_ends_with_the_server()
    {
        await Compute.StartAsync(NewTask(command: ["python3", "-c", "import time; time.sleep(600)"]), CancellationToken.None);
        var group = Group;
        Assert.Equal(ComputeState.Running, (await StatusAsync()).State);

        await Server.DisposeAsync();

        Assert.Contains(await group.Completion, new[] { 137, 143 });
    }

    // A process that is not reaped yet runs no more either.
    private static bool IsAlive(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].Trim()[0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
