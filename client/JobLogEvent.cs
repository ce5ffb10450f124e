using Larder.Contracts;

namespace Larder.Client;

/// <summary>A line of a log that is followed.</summary>
public sealed class JobLogEvent
{
    internal JobLogEvent(string id, JobLogLineDetails line) => (Id, Line) = (id, line);

    /// <summary>The event's id, by which the log can be followed from the next line on.</summary>
    public string Id { get; }

    /// <summary>The line.</summary>
    public JobLogLineDetails Line { get; }
}
