using Microsoft.Extensions.Logging;

namespace Larder.Worker.Tests.Host;

/// <summary>Puts what the host's own parts log beside what the worker says.</summary>
internal sealed class HostLogProvider(HostLog log) : ILoggerProvider
{
    /// <inheritdoc />
    public ILogger CreateLogger(string categoryName) => new Logger(log, categoryName);

    /// <inheritdoc />
    public void Dispose()
    {
    }

    private sealed class Logger(HostLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Add($"host {logLevel} {category}: {formatter(state, exception)} {exception}");
    }
}
