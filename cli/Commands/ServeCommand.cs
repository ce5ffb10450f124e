using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Larder.Cli.Running;

namespace Larder.Cli.Commands;

/// <summary><c>larder serve</c>: starts a self-host that is installed. The tool does not contain it: it would be a hundred times as large.</summary>
internal static class ServeCommand
{
    public const string Variable = "LARDER_HOST";

    private const string Program = "Larder.Host";
    private const int SigTerm = 15;

    private static readonly Option<string?> Host = new("--host") { Description = $"Where the self-host is: its folder, its program or its Larder.Host.dll. Default: {Variable}, 'host' of the config file.", HelpName = "PATH" };
    private static readonly Argument<string[]> Arguments = new("arguments") { Description = "What the self-host gets, behind --, as in: larder serve -- --port 8080", Arity = ArgumentArity.ZeroOrMore };

    public static Command Create() => new Command("serve", "Start a self-host that is installed on this machine.") { Host, Arguments }.Runs(RunAsync);

    /// <summary>The command that starts the self-host, and where its place was found; null when no place is named.</summary>
    /// <exception cref="UsageException">The place that is named has none.</exception>
    public static (string[] Command, string Source)? Find(CommandRun run, string? option)
    {
        var (path, source) =
            option is not null ? (option, "--host")
            : Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } variable ? (variable, Variable)
            : (run.Config.Read().Host, run.Config.FullPath);
        if (path is null)
            return null;
        string[] candidates = Directory.Exists(path) ? [Path.Combine(path, $"{Program}.dll"), Path.Combine(path, Program), Path.Combine(path, $"{Program}.exe")] : [path];
        return Array.Find(candidates, File.Exists) is { } found
            ? (found.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? ["dotnet", found] : [found], source)
            : throw new UsageException($"{source} says that the self-host is at {path}, and there is no {Program}.dll there. 'dotnet publish host -c Release -o FOLDER' in a checkout of Larder makes one.");
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        if (Find(run, run.Value(Host)) is not { } found)
        {
            throw new UsageException(
                $"No self-host is known. 'dotnet publish host -c Release -o FOLDER' in a checkout of Larder makes one; then say --host FOLDER, set {Variable}, or write \"host\": \"FOLDER\" into {run.Config.FullPath}.");
        }
        var start = new ProcessStartInfo(found.Command[0], [.. found.Command[1..], .. run.Value(Arguments)]);
        using var process = Process.Start(start) ?? throw new UsageException($"{found.Command[0]} did not start.");
        // Ctrl-C reaches the self-host by itself, from the terminal; SIGTERM comes to this process alone.
        await using var passed = run.Stop.Register(() =>
        {
            if (run.InterruptedExitCode == ExitCodes.Terminated && !OperatingSystem.IsWindows())
                _ = kill(process.Id, SigTerm);
        });
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
}
