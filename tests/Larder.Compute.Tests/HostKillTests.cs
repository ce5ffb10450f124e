using System.Diagnostics;
using Larder.Compute.Tests.Testing;
using Larder.Orchestrations.Compute;

namespace Larder.Compute.Tests;

/// <summary>A host in a process of its own that is killed while its task runs.</summary>
public sealed class HostKillTests
{
    [Fact]
    public async Task A_task_outlives_the_host_that_started_it_and_the_next_host_sees_its_end()
    {
        await using var backend = new Backend();
        var go = Path.Combine(backend.TaskFolder, "tmp", "go");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in new[] { typeof(HostKillTests).Assembly.Location, backend.Folder, "import os, time\nwhile not os.path.exists('go'): time.sleep(.05)\nprint('outlived')" })
            start.ArgumentList.Add(argument);
        using var host = Process.Start(start)!;
        Assert.Equal("started", await host.StandardOutput.ReadLineAsync());

        host.Kill(entireProcessTree: true);
        await host.WaitForExitAsync();
        Assert.Equal(ComputeState.Running, (await backend.Compute.GetStatusAsync(Backend.Id, default)).State);
        File.WriteAllText(go, "");

        Assert.Equal(new ComputeStatus(ComputeState.Exited, 0), await backend.WaitAsync());
        Assert.Equal("outlived\n", await backend.Compute.ReadOutputAsync(Backend.Id, default));
    }
}
