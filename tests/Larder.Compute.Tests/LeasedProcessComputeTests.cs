using System.Diagnostics;
using Larder.Compute.Tests.Testing;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.Processes;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Storage;
using Larder.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Compute.Tests;

/// <summary>Servers on one storage, each with processes of its own.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class LeasedProcessComputeTests : IAsyncLifetime
{
    private const string Sleeper = "import time; time.sleep(1000)";

    private static readonly TimeSpan Ttl = new ProcessComputeOptions().LeaseTtl;

    private readonly string _account;
    private readonly FakeTimeProvider _time = new();
    private readonly LeasedServer _owner;
    private readonly LeasedServer _other;
    private readonly ComputeId _first = new(JobId.Create(DateTimeOffset.UtcNow), 1);
    private readonly ComputeId _second;

    public LeasedProcessComputeTests(Azurite azurite)
    {
        _account = azurite.NewAccount();
        _owner = new LeasedServer(_account, _time);
        _other = new LeasedServer(_account, _time);
        _second = _first with { Attempt = 2 };
    }

    public Task InitializeAsync() => _owner.Files.CreateAsync(_first.Job);

    public async Task DisposeAsync()
    {
        await _owner.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task Another_server_sees_what_runs_here_and_how_it_ends()
    {
        Assert.Equal(ComputeState.Missing, (await _other.StatusAsync(_first)).State);
        await _owner.StartAsync(_first, "import os, sys, time\nprint('begun', flush=True)\nwhile not os.path.exists('go'): time.sleep(.02)\nsys.exit(7)");

        Assert.Equal(ComputeState.Running, (await _other.StatusAsync(_first)).State);
        Assert.True(await _other.StartAsync(_first, "print('again')"));
        await _other.Compute.RenewAsync(default);
        Assert.Equal(ComputeState.Missing, (await _other.Processes.GetStatusAsync(_first, default)).State);

        File.WriteAllText(Path.Combine(_owner.Folder, _first.Job, "1", "tmp", "go"), "");
        await _owner.EndOfProcessAsync(_first);
        await _owner.Compute.RenewAsync(default);

        Assert.Equal(new ComputeStatus(ComputeState.Exited, 7), await _other.StatusAsync(_first));
        Assert.Equal(new ComputeStatus(ComputeState.Exited, 7), await _owner.StatusAsync(_first));
        Assert.Equal("begun\n", await _other.Compute.ReadOutputAsync(_first, default));
    }

    [Fact]
    public async Task An_attempt_whose_lease_is_renewed_is_never_lost_also_to_a_server_whose_clock_is_ahead()
    {
        var ahead = new FakeTimeProvider(_time.GetUtcNow().AddHours(1));
        await using var hasty = new LeasedServer(_account, ahead);
        await _owner.StartAsync(_first, Sleeper);

        for (var quarters = 0; quarters < 40; quarters++)
        {
            _time.Advance(Ttl / 4);
            ahead.Advance(Ttl / 4);
            await _owner.Compute.RenewAsync(default);
            Assert.Equal(ComputeState.Running, (await _other.StatusAsync(_first)).State);
            Assert.Equal(ComputeState.Running, (await hasty.StatusAsync(_first)).State);
        }

        Assert.True(await _owner.RunsAsync(_first));
    }

    [Fact]
    public async Task The_attempt_of_a_silent_server_is_lost_when_its_lease_has_run_out_and_the_next_one_begins_once()
    {
        await using var third = new LeasedServer(_account, _time);
        await _owner.StartAsync(_first, Sleeper);
        Assert.Equal(ComputeState.Running, (await _other.StatusAsync(_first)).State);
        Assert.Equal(ComputeState.Running, (await third.StatusAsync(_first)).State);

        _time.Advance(Ttl - TimeSpan.FromSeconds(1));
        Assert.Equal(ComputeState.Running, (await _other.StatusAsync(_first)).State);
        _time.Advance(TimeSpan.FromSeconds(1));
        var seen = await Task.WhenAll(_other.StatusAsync(_first), third.StatusAsync(_first));
        Assert.All(seen, status => Assert.Equal((ComputeState.Exited, null), (status.State, status.ExitCode)));
        Assert.All(seen, status => Assert.StartsWith("The server that ran it was not heard from any more: its lease ran out at ", status.Reason, StringComparison.Ordinal));

        await Task.WhenAll(_other.StartAsync(_second, Sleeper), third.StartAsync(_second, Sleeper));
        Assert.Single(new[] { await _other.RunsAsync(_second), await third.RunsAsync(_second) }, runs => runs);

        // The server comes back, and neither its process nor its word about it counts any more.
        Assert.True(await _owner.RunsAsync(_first));
        Assert.Equal(seen[0], await _owner.StatusAsync(_first));
        await _owner.Compute.RenewAsync(default);
        Assert.False(await _owner.RunsAsync(_first));
        Assert.Empty(Directory.GetDirectories(_owner.Folder));
        Assert.Equal(seen[0], await _other.StatusAsync(_first));
        Assert.Equal(ComputeState.Running, (await _owner.StatusAsync(_second)).State);
    }

    [Fact]
    public async Task A_lease_that_ran_out_during_an_outage_is_given_time_to_be_renewed()
    {
        await _owner.StartAsync(_first, Sleeper);
        _time.Advance(Ttl * 10);

        // The first look after it: the owner may be on its way.
        Assert.Equal(ComputeState.Running, (await _other.StatusAsync(_first)).State);
        _time.Advance(Ttl / 4);
        await _owner.Compute.RenewAsync(default);
        _time.Advance(Ttl / 2);
        Assert.Equal(ComputeState.Running, (await _other.StatusAsync(_first)).State);
    }

    [Fact]
    public async Task A_server_that_is_started_again_on_its_folder_takes_its_process_back_at_once()
    {
        await _owner.StartAsync(_first, Sleeper);
        Assert.Equal(ComputeState.Running, (await _other.StatusAsync(_first)).State);
        _time.Advance(Ttl - TimeSpan.FromSeconds(1));

        await using var restarted = new LeasedServer(_account, _time, _owner.Folder);
        Assert.Equal(ComputeState.Running, (await restarted.StatusAsync(_first)).State);
        Assert.True(await restarted.StartAsync(_first, "print('again')"));
        await restarted.Compute.RenewAsync(default);
        _time.Advance(Ttl - TimeSpan.FromSeconds(1));
        Assert.Equal(ComputeState.Running, (await _other.StatusAsync(_first)).State);

        // Also long after its lease ran out, as long as no other server said so.
        _time.Advance(Ttl * 10);
        await restarted.Compute.RenewAsync(default);
        Assert.Equal(ComputeState.Running, (await _other.StatusAsync(_first)).State);
        Assert.True(await restarted.RunsAsync(_first));
    }

    [Fact]
    public async Task Another_server_stops_an_attempt_through_its_owner()
    {
        await _owner.StartAsync(_first, Sleeper);

        await _other.Compute.StopAsync(_first, default);
        Assert.Equal(ComputeState.Running, (await _other.StatusAsync(_first)).State);
        await _owner.Compute.RenewAsync(default);
        await _owner.EndOfProcessAsync(_first);
        await _owner.Compute.RenewAsync(default);

        var status = await _other.StatusAsync(_first);
        Assert.Equal((ComputeState.Exited, "It was stopped."), (status.State, status.Reason));
    }

    [Fact]
    public async Task Another_server_removes_an_attempt_through_its_owner_and_returns_when_that_is_done()
    {
        await _owner.StartAsync(_first, Sleeper);

        var deleting = _other.Compute.DeleteAsync(_first, default);
        Assert.True(await _owner.RunsAsync(_first));
        await Eventually.TrueAsync(async () =>
        {
            await _owner.Compute.RenewAsync(default);
            _time.Advance(TimeSpan.FromSeconds(0.25));
            return deleting.IsCompleted;
        });
        await deleting;

        Assert.Empty(Directory.GetDirectories(_owner.Folder));
        Assert.Equal(ComputeState.Missing, (await _owner.StatusAsync(_first)).State);
        Assert.Equal(ComputeState.Missing, (await _other.StatusAsync(_first)).State);

        // A step that runs twice does not begin it anew.
        Assert.True(await _other.StartAsync(_first, Sleeper));
        Assert.Empty(Directory.GetDirectories(_other.Folder));
    }

    [Fact]
    public async Task Removing_an_attempt_of_a_silent_server_fails_until_its_lease_has_run_out()
    {
        await _owner.StartAsync(_first, Sleeper);

        var failed = await Assert.ThrowsAsync<IOException>(() => WhileTimePassesAsync(_other.Compute.DeleteAsync(_first, default)));
        Assert.Contains("has not removed it yet", failed.Message);
        _time.Advance(Ttl);
        await _other.Compute.DeleteAsync(_first, default);
        await _owner.Compute.RenewAsync(default);

        Assert.False(await _owner.RunsAsync(_first));
        Assert.Empty(Directory.GetDirectories(_owner.Folder));
    }

    [Fact]
    public async Task A_full_server_leaves_an_attempt_to_another()
    {
        var options = new ProcessComputeOptions { MaxConcurrent = 1 };
        await using var full = new LeasedServer(_account, _time, options: options);
        var occupant = new ComputeId(JobId.Create(DateTimeOffset.UtcNow.AddSeconds(1)), 1);
        await full.Files.CreateAsync(occupant.Job);
        Assert.True(await full.StartAsync(occupant, Sleeper));

        Assert.False(await full.StartAsync(_first, Sleeper));
        Assert.Equal(ComputeState.Missing, (await full.StatusAsync(_first)).State);
        Assert.True(await _other.StartAsync(_first, Sleeper));

        Assert.True(await _other.RunsAsync(_first));
        Assert.Equal(ComputeState.Running, (await full.StatusAsync(_first)).State);
    }

    [Fact]
    public async Task An_attempt_that_cannot_start_here_can_start_elsewhere()
    {
        await using var without = new LeasedServer(_account, _time, options: new ProcessComputeOptions { Python = "no-such-python" });

        await Assert.ThrowsAsync<ComputeFailedException>(() => without.StartAsync(_first, Sleeper));

        Assert.True(await _other.StartAsync(_first, Sleeper));
        Assert.True(await _other.RunsAsync(_first));
    }

    [Fact]
    public async Task A_start_that_a_dead_server_left_half_way_is_waited_for_and_then_fails()
    {
        await WriteLeaseAsync(new AttemptLease { Machine = "gone", Host = "gone", Expires = _time.GetUtcNow() + Ttl, Stage = AttemptStage.Starting });

        Assert.False(await _other.StartAsync(_first, Sleeper));
        Assert.Equal(ComputeState.Pending, (await _other.StatusAsync(_first)).State);
        _time.Advance(Ttl);
        var failed = await Assert.ThrowsAsync<ComputeFailedException>(() => _other.StartAsync(_first, Sleeper));

        Assert.StartsWith("The server that ran it was not heard from any more", failed.Message, StringComparison.Ordinal);
        Assert.True(await _other.StartAsync(_second, Sleeper));
    }

    [Fact]
    public async Task A_task_that_a_release_without_leases_started_gets_one()
    {
        Assert.True(await _owner.Processes.StartAsync(Backend.TaskOf(Sleeper, id: _first), default));

        await _owner.Compute.RenewAsync(default);

        Assert.Equal(ComputeState.Running, (await _other.StatusAsync(_first)).State);
        Assert.True(await _owner.RunsAsync(_first));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("not JSON")]
    [InlineData("")]
    public async Task Code_that_writes_over_its_own_lease_ends_itself(string content)
    {
        await _owner.StartAsync(_first, Sleeper);
        await _owner.Files.WriteAsync(_first.Job, JobPaths.Lease(1), BinaryData.FromString(content));

        Assert.Equal("The attempt's lease cannot be read: its own code has written over it.", (await _other.StatusAsync(_first)).Reason);
        await _owner.Compute.RenewAsync(default);
        Assert.False(await _owner.RunsAsync(_first));
        await _other.Compute.DeleteAsync(_first, default);
    }

    [Fact]
    public async Task A_server_that_is_killed_loses_its_attempt_and_its_process_dies_when_it_comes_back()
    {
        var ttl = TimeSpan.FromSeconds(4);
        var options = new ProcessComputeOptions { LeaseTtl = ttl };
        await using var survivor = new LeasedServer(_account, TimeProvider.System, options: options);
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in new[] { typeof(LeasedProcessComputeTests).Assembly.Location, _owner.Folder, Sleeper, _account, _first.Job, $"{ttl}" })
            start.ArgumentList.Add(argument);
        using var host = Process.Start(start)!;
        Assert.Equal("started", await host.StandardOutput.ReadLineAsync());

        // It renews: for longer than a lease is good for, nothing is lost.
        var watch = Stopwatch.StartNew();
        await Eventually.TrueAsync(async () =>
        {
            Assert.Equal(ComputeState.Running, (await survivor.StatusAsync(_first)).State);
            return watch.Elapsed > ttl * 1.5;
        });

        host.Kill();
        await host.WaitForExitAsync();
        watch.Restart();
        await Eventually.TrueAsync(async () => (await survivor.StatusAsync(_first)).State == ComputeState.Exited);
        Assert.InRange(watch.Elapsed, ttl / 4, ttl * 10);
        Assert.True(await survivor.StartAsync(_second, Sleeper));
        Assert.True(await _owner.RunsAsync(_first));

        await using var restarted = new LeasedServer(_account, TimeProvider.System, _owner.Folder, options);
        await restarted.Compute.RenewAsync(default);
        Assert.False(await restarted.RunsAsync(_first));
        Assert.True(await survivor.RunsAsync(_second));
    }

    private async Task WhileTimePassesAsync(Task task)
    {
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(0.25));
            return Task.FromResult(task.IsCompleted);
        });
        await task;
    }

    private Task WriteLeaseAsync(AttemptLease lease) =>
        _owner.Files.WriteAsync(_first.Job, JobPaths.Lease(1), BinaryData.FromObjectAsJson(lease, RegistryJson.Options));
}
