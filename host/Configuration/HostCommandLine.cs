using System.CommandLine;
using Larder.Host.Functions;

namespace Larder.Host.Configuration;

/// <summary>What the command line says.</summary>
/// <param name="Port">The port to listen on; 0 for any free one; null when not given.</param>
/// <param name="GrpcPort">The port for gRPC; 0 for any free one; null when not given: then nothing listens for gRPC.</param>
/// <param name="Health">Whether a running host on these addresses is to be asked for its health, in place of a start.</param>
/// <param name="Settings">Settings that override those of the environment: <c>--urls</c> and each <c>--setting</c>.</param>
internal sealed record HostCommandLine(int? Port, int? GrpcPort, bool Health, IReadOnlyList<KeyValuePair<string, string?>> Settings)
{
    private const int UsageError = 2;

    private static readonly Option<string?> PortOption = new("--port", "-p") { Description = "The port to listen on, on this machine's loopback addresses. 0 is any free one. Default: 7071.", HelpName = "N" };
    private static readonly Option<string?> GrpcPortOption = new("--grpc-port") { Description = "A port for gRPC, on the same addresses. 0 is any free one. Default: none.", HelpName = "N" };
    private static readonly Option<string?> UrlsOption = new("--urls") { Description = "Other addresses to listen on, separated by ';', as http://0.0.0.0:8080. Any other than loopback needs keys.", HelpName = "URLS" };
    private static readonly Option<string[]> SettingsOption = new("--setting") { Description = "A setting, over local.settings.json and the environment. May be given several times.", HelpName = "NAME=VALUE" };
    private static readonly Option<bool> HealthOption = new("--health") { Description = "Asks the host that runs with the same address whether it is ready, and ends: 0 if it is, otherwise 1. For health checks of containers." };
    private static readonly RootCommand Command = new("Runs the Larder functions app in this process, without the Functions runtime.") { PortOption, GrpcPortOption, UrlsOption, SettingsOption, HealthOption };

    /// <summary>Answers <c>--help</c> and <c>--version</c>.</summary>
    /// <returns>False when neither was asked for.</returns>
    public static bool Answers(string[] args)
    {
        var result = Command.Parse(args);
        if (result.Action is null || result.Errors.Count > 0)
            return false;
        result.Invoke();
        return true;
    }

    /// <exception cref="SelfHostException">It has an option that the host does not know, or a value that cannot be used.</exception>
    public static HostCommandLine Parse(string[] args)
    {
        var result = Command.Parse(args);
        if (result.Errors.Count > 0)
            throw Error($"{string.Join(' ', result.Errors.Select(error => error.Message))} --help lists the options.");

        var settings = (result.GetValue(SettingsOption) ?? []).Select(Setting).ToList();
        if (result.GetValue(UrlsOption) is { } urls)
            settings.Add(new("urls", urls));
        return new HostCommandLine(Port(PortOption), Port(GrpcPortOption), result.GetValue(HealthOption), settings);

        int? Port(Option<string?> option) => result.GetValue(option) is { } port ? ParsePort(port, option.Name, UsageError) : null;
    }

    /// <summary>A port number, or the sentence that says why it is none.</summary>
    public static int ParsePort(string value, string name, int exitCode = 1) =>
        int.TryParse(value, out var port) && port is >= 0 and <= 65535
            ? port
            : throw new SelfHostException($"{name} must be a port number from 0 (any free port) to 65535; it is '{value}'.") { ExitCode = exitCode };

    private static KeyValuePair<string, string?> Setting(string text) =>
        text.IndexOf('=') is > 0 and var end
            ? new(text[..end].Replace("__", ":"), text[(end + 1)..])
            : throw Error($"--setting must be NAME=VALUE; it is '{text}'.");

    private static SelfHostException Error(string sentence) => new(sentence) { ExitCode = UsageError };
}
