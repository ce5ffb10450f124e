using System.CommandLine;
using Larder.Cli.Configuration;
using Larder.Cli.Output;
using Larder.Client;

namespace Larder.Cli.Running;

/// <summary>One run of a command: what was typed, the server, and where results go.</summary>
internal sealed class CommandRun : IDisposable
{
    private readonly ParseResult _result;
    private readonly Interruption _interruption;
    private LarderClient? _client;
    private ServerSettings? _server;

    public CommandRun(ParseResult result, Interruption interruption)
    {
        (_result, _interruption) = (result, interruption);
        Terminal = new Terminal(Enum.Parse<OutputFormat>(result.GetValue(GlobalOptions.Output)!, ignoreCase: true), result.GetValue(GlobalOptions.Quiet));
    }

    /// <summary>Where results, notes and errors go.</summary>
    public Terminal Terminal { get; }

    /// <summary>Canceled by Ctrl-C.</summary>
    public CancellationToken Stop => _interruption.Token;

    /// <summary>What the process ends with after Ctrl-C.</summary>
    public int InterruptedExitCode => _interruption.ExitCode;

    /// <summary>What <c>larder login</c> and the user wrote down.</summary>
    public ConfigFile Config { get; } = ConfigFile.Find(Environment.GetEnvironmentVariable);

    /// <summary>The server and the token, and where each was found.</summary>
    public ServerSettings Server => _server ??= ServerSettings.Resolve(Value(GlobalOptions.Url), Value(GlobalOptions.Token), Environment.GetEnvironmentVariable, Config);

    /// <summary>Talks to the server.</summary>
    public LarderClient Client => _client ??= new LarderClient(Server.Url, new LarderClientOptions { Token = Server.Token });

    /// <summary>What an option says.</summary>
    public T? Value<T>(Option<T> option) => _result.GetValue(option);

    /// <summary>What an argument says.</summary>
    public T Value<T>(Argument<T> argument) => _result.GetValue(argument)!;

    /// <inheritdoc />
    public void Dispose() => _client?.Dispose();
}
