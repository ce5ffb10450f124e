using Larder.Host.Configuration;
using Larder.Host.Functions;
using Larder.Host.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Logging;

/// <summary>What is logged, and how it looks.</summary>
internal static class HostLogging
{
    private const string Levels = "logging:logLevel";
    private const string FormatSetting = "SelfHost:LogFormat";

    /// <summary>What is read of host.json's <c>logging.logLevel</c>.</summary>
    public static readonly HostJsonKeys Keys = new(Levels, ["*"]);

    // The generic host logs a failed start with its stack trace before it throws.
    private const string GenericHost = "Microsoft.Extensions.Hosting.Internal.Host";

    /// <summary>
    /// One line per entry on the console, with its scopes, as text, as JSON or with journald's priorities (<c>SelfHost:LogFormat</c>); information and above, but of the frameworks only warnings. host.json's <c>logging.logLevel</c>
    /// and the application's own <c>Logging</c> section change that, by category.
    /// </summary>
    /// <param name="logging">Where to.</param>
    /// <param name="configuration">host.json and settings.</param>
    /// <param name="phase">Until the host has started, <see cref="StartupErrors"/> alone say what went wrong, in a sentence.</param>
    public static void Configure(ILoggingBuilder logging, IConfiguration configuration, HostPhase phase)
    {
        var reader = new HostJsonReader(configuration);
        foreach (var level in reader.Section(Levels).GetChildren())
            if (reader.Text($"{Levels}:{level.Key}", "") is var text && !Enum.TryParse<LogLevel>(text, ignoreCase: true, out _))
                throw HostJsonReader.Wrong($"{Levels}:{level.Key}", $"one of {string.Join(", ", Enum.GetNames<LogLevel>())}", text);

        AddConsole(logging, configuration[FormatSetting])
            .SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("System", LogLevel.Warning)
            .AddFilter("Azure", LogLevel.Warning)
            .AddFilter("DurableTask", LogLevel.Warning)
            .AddConfiguration(configuration.GetSection($"{HostJsonFile.Section}:logging"))
            .AddConfiguration(configuration.GetSection("Logging"))
            .AddFilter(GenericHost, level => phase.Started && level >= LogLevel.Warning);
    }

    /// <exception cref="SelfHostException">There is no such format.</exception>
    private static ILoggingBuilder AddConsole(ILoggingBuilder logging, string? format) => format?.ToUpperInvariant() switch
    {
        null or "" or "TEXT" => logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.IncludeScopes = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        }),
        "JSON" => logging.AddJsonConsole(console =>
        {
            console.IncludeScopes = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        }),
        "SYSTEMD" => logging.AddSystemdConsole(console => console.IncludeScopes = true),
        _ => throw new SelfHostException($"The setting '{FormatSetting}' must be text, json or systemd; it is '{format}'."),
    };
}

/// <summary>What the log says of an invocation, in the Functions host's words.</summary>
internal static partial class InvocationLog
{
    [LoggerMessage(EventId = 1, Message = "Executing 'Functions.{Function}' (Reason='{Reason}', Id={Id})")]
    public static partial void Executing(ILogger logger, LogLevel level, string function, string reason, string id);

    [LoggerMessage(EventId = 2, Message = "Executed 'Functions.{Function}' (Succeeded, Id={Id}, Duration={Duration}ms)")]
    public static partial void Succeeded(ILogger logger, LogLevel level, string function, string id, long duration);

    [LoggerMessage(EventId = 3, Message = "Executed 'Functions.{Function}' (Failed, Id={Id}, Duration={Duration}ms)")]
    public static partial void Failed(ILogger logger, LogLevel level, Exception exception, string function, string id, long duration);
}
