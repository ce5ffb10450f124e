using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Tests.Support;

/// <summary>What a host logged.</summary>
internal sealed class CapturedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<Entry> _entries = new();

    public IReadOnlyCollection<Entry> Entries => _entries;

    /// <summary>The entries as lines: <c>Warning: MESSAGE EXCEPTION</c>.</summary>
    public IReadOnlyCollection<string> Messages => [.. _entries.Select(entry => $"{entry.Level}: {entry.Message} {entry.Exception?.Message}".TrimEnd())];

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _entries);

    public void Dispose()
    {
    }

    internal sealed record Entry(string Category, LogLevel Level, string Message, Exception? Exception);

    private sealed class Logger(string category, ConcurrentQueue<Entry> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            entries.Enqueue(new Entry(category, logLevel, formatter(state, exception), exception));
    }
}
