using Larder.Host.Functions;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Larder.Host.Hosting;

/// <summary>Makes a sentence of what keeps the host from starting.</summary>
internal static class StartupErrors
{
    /// <summary>
    /// When a start-up error leaves Program.cs unhandled, prints its sentence in place of a stack trace and ends the process with its exit code: 1, or 2
    /// for a mistake on the command line. A program that handles it sees an ordinary exception.
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
    public static SelfHostException From(Exception exception)
    {
        var causes = Causes(exception).ToList();
        if (causes.OfType<SelfHostException>().FirstOrDefault() is { } known)
            return known;
        if (causes.OfType<AddressInUseException>().FirstOrDefault() is { } taken)
            return new SelfHostException(taken.Message, exception);
        return exception switch
        {
            OptionsValidationException options => new(string.Join(Environment.NewLine, options.Failures), options),
            AggregateException several => new(string.Join(Environment.NewLine, several.InnerExceptions.Select(inner => From(inner).Message)), several),
            _ => new($"The host cannot start: {exception.Message} ({exception.GetType().Name})", exception),
        };
    }

    // The exception itself, then what lies behind it.
    private static IEnumerable<Exception> Causes(Exception exception) =>
        (exception is AggregateException several ? several.InnerExceptions : exception.InnerException is { } inner ? [inner] : (IEnumerable<Exception>)[])
        .SelectMany(Causes)
        .Prepend(exception);

    private static void Print(object sender, UnhandledExceptionEventArgs unhandled)
    {
        if (unhandled.ExceptionObject is not SelfHostException error)
            return;
        Console.Error.WriteLine(error.Message);
        Environment.Exit(error.ExitCode);
    }
}
