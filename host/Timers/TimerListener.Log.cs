using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Timers;

internal sealed partial class TimerListener
{
    private const int OccurrencesShown = 5;

    private void LogSchedule()
    {
        if (!_logger.IsEnabled(LogLevel.Information))
            return;
        var occurrences = new List<string>();
        for (var next = NextAfter(_clock.GetUtcNow()); next != DateTimeOffset.MaxValue && occurrences.Count < OccurrencesShown; next = NextAfter(next))
            occurrences.Add(next.ToString("yyyy-MM-dd HH:mm:sszzz", CultureInfo.InvariantCulture));
        if (occurrences.Count == 0)
            LogNever(_function.Name, _schedule);
        else
            LogOccurrences(occurrences.Count, _function.Name, _schedule, Environment.NewLine + string.Join(Environment.NewLine, occurrences));
    }

    [LoggerMessage(1, LogLevel.Information, "The next {Count} occurrences of the '{Function}' schedule ({Schedule}) will be:{Occurrences}")]
    private partial void LogOccurrences(int count, string function, object schedule, string occurrences);

    [LoggerMessage(2, LogLevel.Warning, "The '{Function}' schedule ({Schedule}) never occurs: no month that it names has a day that it names.")]
    private partial void LogNever(string function, object schedule);

    [LoggerMessage(3, LogLevel.Information, "Function '{Function}' is past due on startup. Executing now.")]
    private partial void LogPastDue(string function);

    [LoggerMessage(4, LogLevel.Information, "Function '{Function}' is configured to run on startup. Executing now.")]
    private partial void LogRunOnStartup(string function);

    [LoggerMessage(5, LogLevel.Warning, "The timer of '{Function}' was interrupted, and goes on soon.")]
    private partial void LogInterrupted(Exception error, string function);

    [LoggerMessage(6, LogLevel.Warning, "Function '{Function}' has run, but its timer's status could not be written: after a restart it may run again.")]
    private partial void LogNotKept(Exception error, string function);

    [LoggerMessage(7, LogLevel.Warning, "The timer of '{Function}' has lost its lock, and asks for it again soon.")]
    private partial void LogLockLost(string function);
}
