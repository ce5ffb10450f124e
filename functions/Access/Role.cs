namespace Larder.Functions;

/// <summary>What a caller may do. Each role may do what those before it may.</summary>
public enum Role
{
    /// <summary>Nothing but what is open to everyone: the greeting and the probes.</summary>
    None,

    /// <summary>Look: models, versions, jobs, logs, schedules, metrics.</summary>
    Reader,

    /// <summary>Predict.</summary>
    Predictor,

    /// <summary>Change models, score data sets, run code in a container.</summary>
    Contributor,

    /// <summary>Everything: whole models' deletion, the audit log, export and import.</summary>
    Admin,
}
