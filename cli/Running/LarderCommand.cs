using System.CommandLine;
using Larder.Cli.Commands;

namespace Larder.Cli.Running;

/// <summary>The whole command line.</summary>
internal static class LarderCommand
{
    /// <summary>The commands, without what runs them.</summary>
    public static RootCommand Create(Interruption interruption)
    {
        var root = new RootCommand("The command line of Larder, a model server for ONNX.");
        foreach (var option in GlobalOptions.All)
            root.Options.Add(option);
        foreach (var command in (IEnumerable<Command>)
        [
            .. LoginCommands.Create(),
            ModelCommands.Create(),
            PredictCommand.Create(),
            TrainCommand.Create(),
            JobCommands.Create(),
            ScoreCommand.Create(),
            DataCommands.Create(),
            RunCommands.Create(),
            ScheduleCommands.Create(),
            SearchCommand.Create(),
            ServeCommand.Create(),
            DoctorCommand.Create(),
            CompletionCommand.Create(),
        ])
        {
            root.Subcommands.Add(command);
        }
        Invocation.Attach(root, interruption);
        return root;
    }

    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, Interruption interruption)
    {
        // An argument @FILE is a file with JSON here, and not one with further arguments.
        var result = Create(interruption).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0)
        {
            foreach (var error in result.Errors)
                await Console.Error.WriteLineAsync($"error: {error.Message.ReplaceLineEndings(" ").Replace("\t", "", StringComparison.Ordinal)}");
            await Console.Error.WriteLineAsync($"{NameOf(result.CommandResult.Command)} --help shows how it is used.");
            return ExitCodes.Usage;
        }
        return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    /// <summary>A command with those above it, as it is typed.</summary>
    public static string NameOf(Command command) => command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{NameOf(parent)} {command.Name}" : "larder";
}
