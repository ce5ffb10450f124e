using System.CommandLine;
using System.Net;
using Larder.Cli.Running;
using Larder.Client;

namespace Larder.Cli.Commands;

/// <summary><c>larder doctor</c>: looks at settings, server and storage, and says what to mend.</summary>
internal static class DoctorCommand
{
    private enum Outcome
    {
        Ok,
        Warning,
        Wrong,
    }

    public static Command Create() => new Command("doctor", "Check settings, server, storage and versions, and say what to mend.").Runs(async run =>
    {
        var checks = new List<Check>();
        var exitCode = await CheckAsync(run, checks);
        run.Terminal.List(
            checks,
            new("check", check => check.Name),
            new("outcome", check => check.Outcome.ToString().ToLowerInvariant()),
            new("finding", check => check.Finding),
            new("what to do", check => check.Remedy));
        return exitCode;
    });

    private static async Task<int> CheckAsync(CommandRun run, List<Check> checks)
    {
        if (!CheckConfig(run, checks))
            return ExitCodes.Usage;
        CheckSelfHost(run, checks);
        using var client = new LarderClient(run.Server.Url, new LarderClientOptions { Token = run.Server.Token, Retries = 0 });
        if (!await CheckServerAsync(run, client, checks))
            return ExitCodes.NotReachable;
        await CheckTokenAsync(run, client, checks);
        return checks.Exists(check => check.Outcome == Outcome.Wrong) ? ExitCodes.Failed : ExitCodes.Ok;
    }

    private static bool CheckConfig(CommandRun run, List<Check> checks)
    {
        try
        {
            var server = run.Server;
            checks.Add(run.Config.IsOpenToOthers
                ? new("config file", Outcome.Wrong, $"{run.Config.FullPath} can be read by other users.", $"chmod 600 {run.Config.FullPath}")
                : new("config file", Outcome.Ok, File.Exists(run.Config.FullPath) ? run.Config.FullPath : $"There is none ({run.Config.FullPath}).", null));
            checks.Add(new("address", Outcome.Ok, $"{server.Url} (from {server.UrlSource})", null));
            checks.Add(server.IsUnprotected
                ? new("encryption", Outcome.Warning, "The token goes over the network in clear text.", "Use the server's https address.")
                : new("encryption", Outcome.Ok, server.Url.Scheme == Uri.UriSchemeHttps ? "https" : "None is needed.", null));
            return true;
        }
        catch (UsageException e)
        {
            checks.Add(new("settings", Outcome.Wrong, e.Message, "Correct it where it says."));
            return false;
        }
    }

    private static void CheckSelfHost(CommandRun run, List<Check> checks)
    {
        try
        {
            checks.Add(ServeCommand.Find(run, null) is { } found
                ? new("self-host", Outcome.Ok, $"{found.Command[^1]} (from {found.Source})", null)
                : new("self-host", Outcome.Ok, "None is named; only 'larder serve' needs one.", null));
        }
        catch (UsageException e)
        {
            checks.Add(new("self-host", Outcome.Wrong, e.Message, $"Correct or remove {ServeCommand.Variable} or 'host' of the config file."));
        }
    }

    private static async Task<bool> CheckServerAsync(CommandRun run, LarderClient client, List<Check> checks)
    {
        try
        {
            checks.Add(new("server and storage", Outcome.Ok, await client.Server.CheckReadyAsync(run.Stop), null));
        }
        catch (LarderException e) when (e.StatusCode is null)
        {
            checks.Add(new("server", Outcome.Wrong, e.Message, "Start it ('larder serve', or 'dotnet run --project host' in a checkout), or give its address by --url, LARDER_URL or 'larder login URL'."));
            return false;
        }
        catch (LarderException e)
        {
            checks.Add(new("server and storage", Outcome.Wrong, e.Message, e.StatusCode == HttpStatusCode.ServiceUnavailable
                ? "Wait until the models are loaded; if storage does not answer, look at AzureWebJobsStorage of the server and at its log."
                : "Look at the address: it may be another program's."));
        }
        return true;
    }

    private static async Task CheckTokenAsync(CommandRun run, LarderClient client, List<Check> checks)
    {
        try
        {
            var version = await client.Server.GetVersionAsync(run.Stop);
            checks.Add(new("token", Outcome.Ok, run.Server.Token is null ? "The server asks for none." : $"It is accepted (from {run.Server.TokenSource}).", null));
            var own = typeof(DoctorCommand).Assembly.GetName().Version!.ToString(2);
            var isSame = version.Version == own || version.Version.StartsWith($"{own}.", StringComparison.Ordinal);
            checks.Add(new(
                "versions",
                isSame ? Outcome.Ok : Outcome.Warning,
                $"larder {own}, server {version.Version} on {version.Host}, .NET {version.DotNet}, ONNX Runtime {version.OnnxRuntime}",
                isSame ? null : "Install the tool of the server's version: dotnet tool update --global Larder.Cli --version VERSION"));
        }
        catch (LarderException e) when (e.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            checks.Add(new("token", Outcome.Wrong, e.Message, "Ask an administrator of the server for a token, then: larder login --with-token < FILE"));
        }
        catch (LarderException e)
        {
            checks.Add(new("token", Outcome.Wrong, e.Message, "Look at the server's log, by the request id, or at the address."));
        }
    }

    /// <summary>A line of the report; public members, since JSON has them.</summary>
    private sealed record Check(string Name, [property: System.Text.Json.Serialization.JsonIgnore] Outcome Outcome, string Finding, string? Remedy)
    {
        public string Result => Outcome.ToString().ToLowerInvariant();
    }
}
