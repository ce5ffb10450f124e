namespace Larder.Registry.Jobs.Files;

/// <summary>What a URL of a job's file is good for.</summary>
[Flags]
public enum JobFileAccess
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Reading it.</summary>
    Read = 1,

    /// <summary>Writing it if it is not there.</summary>
    Create = 2,

    /// <summary>Writing it, also in the place of what is there.</summary>
    Write = 4,

    /// <summary>Adding to the end of an append blob that is there.</summary>
    Add = 8,
}
