using System.CommandLine;
using System.Runtime.CompilerServices;
using Larder.Client;

namespace Larder.Cli.Running;

/// <summary>Connects commands with what they do, and makes exit codes and sentences of what goes wrong.</summary>
internal static class Invocation
{
    private static readonly ConditionalWeakTable<Command, Func<CommandRun, Task<int>>> Actions = [];

    /// <summary>Says what a command does.</summary>
    public static Command Runs(this Command command, Func<CommandRun, Task<int>> action)
    {
        Actions.Add(command, action);
        return command;
    }

    /// <summary>Says what a command does that ends with 0 unless it fails.</summary>
    public static Command Runs(this Command command, Func<CommandRun, Task> action) => command.Runs(async run =>
    {
        await action(run);
        return ExitCodes.Ok;
    });

    /// <summary>Gives each command below this one what runs it.</summary>
    public static void Attach(Command command, Interruption interruption)
    {
        foreach (var child in command.Subcommands)
            Attach(child, interruption);
        if (Actions.TryGetValue(command, out var action))
            command.SetAction((result, _) => RunAsync(result, action, interruption));
    }

    private static async Task<int> RunAsync(ParseResult result, Func<CommandRun, Task<int>> action, Interruption interruption)
    {
        using var run = new CommandRun(result, interruption);
        try
        {
            return await action(run);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            return interruption.ExitCode;
        }
        catch (LarderException e)
        {
            run.Terminal.Error(e.Message, e.RequestId);
            return e.StatusCode is null ? ExitCodes.NotReachable : ExitCodes.Failed;
        }
        catch (Exception e) when (e is UsageException or ArgumentException)
        {
            run.Terminal.Error(e.Message);
            return (e as UsageException)?.ExitCode ?? ExitCodes.Usage;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            run.Terminal.Error(e.Message);
            return ExitCodes.Failed;
        }
    }
}
