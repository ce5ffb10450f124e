namespace Microsoft.Azure.Functions.Worker;

/// <summary>Which key a request must bring.</summary>
public enum AuthorizationLevel
{
    /// <summary>None.</summary>
    Anonymous = 0,

    /// <summary>A signed-in user. The Functions host does not offer it to applications; nor does the embedded host.</summary>
    User = 1,

    /// <summary>A key of the function, a host key, or the master key.</summary>
    Function = 2,

    /// <summary>A system key. For extensions of the host only.</summary>
    System = 3,

    /// <summary>The master key.</summary>
    Admin = 4,
}
