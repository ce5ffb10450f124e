namespace Larder.Testing.Arm;

/// <summary>How an <see cref="ArmServer"/> behaves.</summary>
public sealed record ArmServerOptions
{
    /// <summary>
    /// Whether "containers" really run: the group's command as a process of this machine, with the group's environment and else only PATH, HOME,
    /// LANG and TMPDIR, in an empty folder; it is Running while the process runs and Terminated with its exit code; its output is the log; stopping and deleting
    /// kill all that it started. Images are not looked at. Otherwise tests move the groups by hand: <see cref="ArmContainerGroup"/>.
    /// </summary>
    public bool RunCommands { get; init; }

    /// <summary>How long a running command may take to end after SIGTERM.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Status of an accepted deletion: 202 and gone later, or 200 and gone at once.</summary>
    public int DeleteStatus { get; init; } = 202;

    /// <summary>How often a deleted group is still returned by a GET (with <see cref="DeleteStatus"/> 202).</summary>
    public int LooksUntilDeleted { get; init; } = 1;

    /// <summary>Groups on a page of a list.</summary>
    public int PageSize { get; init; } = 100;

    /// <summary>What time its events and states bear.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
