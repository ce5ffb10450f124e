namespace Larder.Registry.Schedules;

/// <summary>Where the inputs of a scheduled job come from, each time that it is run.</summary>
public sealed record ScheduledInputs
{
    /// <summary>Id of the job whose inputs it takes.</summary>
    public string? Job { get; init; }

    /// <summary>A reference, such as <c>iris:3</c> or <c>iris:champion</c>: the inputs of the job that made this version.</summary>
    public string? Version { get; init; }

    /// <summary>
    /// A data set that is read anew each time, in the place of another: a file below <c>uploads/</c>, an uploaded data set (<c>datasets/{model}/{file_name}</c>),
    /// or a URL without a query.
    /// </summary>
    public string? Dataset { get; init; }

    /// <summary>A file below <c>uploads/</c> that is a model, or an archive with one.</summary>
    public string? Blob { get; init; }
}
