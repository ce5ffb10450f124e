using Microsoft.Extensions.Configuration;

namespace Larder.Host;

/// <summary>What the command line says to the host itself.</summary>
/// <param name="Port">The port to listen on; 0 for any free one; null when not given.</param>
/// <param name="Urls">The addresses to listen on; null when not given.</param>
internal sealed record HostCommandLine(int? Port, string? Urls)
{
    private static readonly Dictionary<string, string> s_switches = new() { ["-p"] = "port" };

    /// <summary>Adds the command line to a configuration.</summary>
    public static void AddTo(IConfigurationBuilder configuration, string[] args) => configuration.AddCommandLine(args, s_switches);

    /// <summary>Reads it.</summary>
    /// <exception cref="SelfHostException">It has a switch that the host does not know, or a port that is none.</exception>
    public static HostCommandLine Parse(string[] args)
    {
        IConfigurationRoot values;
        try
        {
            var builder = new ConfigurationBuilder();
            AddTo(builder, args);
            values = builder.Build();
        }
        catch (FormatException exception)
        {
            throw new SelfHostException($"The command line cannot be read: {exception.Message}", exception);
        }

        return new HostCommandLine(values["port"] is { } port ? ParsePort(port, "--port") : null, values["urls"]);
    }

    /// <summary>A port number, or the sentence that says why it is none.</summary>
    public static int ParsePort(string value, string name) =>
        int.TryParse(value, out var port) && port is >= 0 and <= 65535
            ? port
            : throw new SelfHostException($"{name} must be a port number from 0 (any free port) to 65535; it is '{value}'.");
}
