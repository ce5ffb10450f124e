using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Makes a sentence of whatever keeps the host from starting.</summary>
internal static class StartupErrors
{
    /// <summary>
    /// When a start-up error leaves Program.cs unhandled, prints its sentence in place of a stack trace and ends the process with exit code 1. A program
    /// that handles it sees an ordinary exception.
    /// </summary>
    public static void PrintWhenUnhandled()
    {
        // Building several applications in one process must not print several times.
        AppDomain.CurrentDomain.UnhandledException -= Print;
        AppDomain.CurrentDomain.UnhandledException += Print;
    }

    /// <summary>Runs a step of the start; its failure becomes a start-up error.</summary>
    public static T Translate<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception exception)
        {
            throw From(exception);
        }
    }

    /// <summary>The start-up error that an exception amounts to.</summary>
    public static FunctionsHostException From(Exception exception) => exception switch
    {
        FunctionsHostException known => known,
        OptionsValidationException options => new(string.Join(Environment.NewLine, options.Failures), options),
        { InnerException: AddressInUseException taken } => new(taken.Message, exception),
        { InnerException: FunctionsHostException inner } => inner,
        AggregateException { InnerExceptions: [var only] } => From(only),
        AggregateException several => new(string.Join(Environment.NewLine, several.InnerExceptions.Select(inner => From(inner).Message)), several),
        _ => new($"The host cannot start: {exception.Message} ({exception.GetType().Name})", exception),
    };

    private static void Print(object sender, UnhandledExceptionEventArgs unhandled)
    {
        if (unhandled.ExceptionObject is not FunctionsHostException error)
            return;
        Console.Error.WriteLine(error.Message);
        Environment.Exit(1);
    }
}
