using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>What is logged, and how it looks.</summary>
internal static class HostLogging
{
    private const string Levels = "logging:logLevel";

    /// <summary>
    /// One line per entry on the console; information and above, but of the frameworks only warnings. host.json's <c>logging.logLevel</c>
    /// and the application's own <c>Logging</c> section change that, by category.
    /// </summary>
    public static void Configure(ILoggingBuilder logging, IConfiguration configuration)
    {
        foreach (var level in new HostJsonReader(configuration).Section(Levels).GetChildren())
            if (!Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _))
                throw HostJsonReader.Wrong($"{Levels}:{level.Key}", $"one of {string.Join(", ", Enum.GetNames<LogLevel>())}", level.Value ?? "");

        logging
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
            })
            .SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("System", LogLevel.Warning)
            .AddFilter("Azure", LogLevel.Warning)
            .AddConfiguration(configuration.GetSection($"{HostJsonFile.Section}:logging"))
            .AddConfiguration(configuration.GetSection("Logging"));
    }
}
