using System.CommandLine;
using System.Net;
using Larder.Cli.Configuration;
using Larder.Cli.Output;
using Larder.Cli.Running;
using Larder.Client;

namespace Larder.Cli.Commands;

/// <summary><c>larder login</c> and <c>logout</c>.</summary>
internal static class LoginCommands
{
    private static readonly Argument<string?> UrlArgument = new("url") { Description = "The server's address, as https://models.example.org. Default: --url, LARDER_URL, the config file, http://localhost:7071.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<bool> WithToken = new("--with-token") { Description = "Read the token from standard input." };

    public static IEnumerable<Command> Create() =>
    [
        new Command("login", "Check a server's address and a token, and keep them in the config file, which only you can read.") { UrlArgument, WithToken }.Runs(LoginAsync),
        new Command("logout", "Remove the token from the config file.").Runs(LogoutAsync),
    ];

    private static async Task LoginAsync(CommandRun run)
    {
        var url = run.Value(UrlArgument) is { } given ? ServerSettings.Parse(given, "the command line") : run.Server.Url;
        var token = await TokenAsync(run);
        var server = new ServerSettings(url, "the command line", token, null);
        if (server.IsUnprotected)
            run.Terminal.Note($"{url} is not https: the token goes over the network in clear text.");
        using var client = new LarderClient(url, new LarderClientOptions { Token = token, Retries = 0 });
        try
        {
            var version = await client.Server.GetVersionAsync(run.Stop);
            var previous = run.Config.Read();
            run.Config.Write(previous with { Url = url.AbsoluteUri.TrimEnd('/'), Token = token });
            run.Terminal.Done(
                $"{url.AbsoluteUri.TrimEnd('/')} is Larder {version.Version}; {(token is null ? "it asks for no token" : "the token is accepted")}. Kept in {run.Config.FullPath}.",
                version,
                url.AbsoluteUri.TrimEnd('/'));
        }
        catch (LarderException e) when (e.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden && token is null)
        {
            run.Terminal.Note("The server asks for a token: larder login --with-token < FILE, or type it when larder login asks.");
            throw;
        }
    }

    private static async Task<string?> TokenAsync(CommandRun run)
    {
        if (run.Value(WithToken))
            return ServerSettings.Checked((await Console.In.ReadToEndAsync(run.Stop)).Trim(), "standard input");
        if ((run.Value(GlobalOptions.Token), Environment.GetEnvironmentVariable(ServerSettings.TokenVariable)) is { } found && (found.Item1 ?? found.Item2) is { Length: > 0 } given)
            return ServerSettings.Checked(given, found.Item1 is null ? ServerSettings.TokenVariable : "--token");
        if (!Terminal.CanAsk)
            return null;
        var typed = run.Terminal.AskSecret("Token (empty for a server that asks for none):").Trim();
        return typed.Length == 0 ? null : ServerSettings.Checked(typed, "the terminal");
    }

    private static Task LogoutAsync(CommandRun run)
    {
        var values = run.Config.Read();
        if (values.Token is not null)
            run.Config.Write(values with { Token = null });
        run.Terminal.Note(values.Token is null ? $"{run.Config.FullPath} has no token." : $"The token is removed from {run.Config.FullPath}. It is still valid: an administrator revokes it.");
        return Task.CompletedTask;
    }
}
